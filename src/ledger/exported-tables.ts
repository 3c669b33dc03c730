import type { Tables } from './tables.ts';

type CellType = 'text' | 'integer';
type Columns<Table> = { readonly [Column in keyof Table]: CellType };

/** What `daily_money` holds is computed anew from the entries; jobs that wait ask again. */
export type ExportedTable = Exclude<keyof Tables, 'daily_money' | 'waiters'>;

/** The columns of every table that is exported, in an order in which each row follows what it refers to. */
const EXPORTED: { readonly [Table in ExportedTable]: Columns<Tables[Table]> } = {
  jobs: {
    job_id: 'text',
    request_hash: 'text',
    tenant: 'text',
    batch: 'text',
    account: 'text',
    provider: 'text',
    realm: 'text',
    model: 'text',
    current_number: 'integer',
    created_at: 'text',
    ended_at: 'text',
    end_status: 'text',
    result: 'text',
    input: 'text',
  },
  submissions: {
    job_id: 'text',
    number: 'integer',
    account: 'text',
    realm: 'text',
    model: 'text',
    state: 'text',
    task_id: 'text',
    source: 'text',
    operation: 'text',
    snapshot: 'text',
    error: 'text',
    evidence: 'text',
    key_id: 'text',
    newest_known_task_id: 'text',
    worker: 'text',
    arming_id: 'text',
    armed_at: 'text',
    deadline_at: 'text',
    created_at: 'text',
    ended_at: 'text',
    ended_reason: 'text',
  },
  entries: {
    job_id: 'text',
    number: 'integer',
    kind: 'text',
    sequence: 'integer',
    micros: 'integer',
    currency: 'text',
    basis: 'text',
    price_source: 'text',
    estimated: 'integer',
    at: 'text',
  },
  artifacts: {
    job_id: 'text',
    number: 'integer',
    artifact_index: 'integer',
    key: 'text',
    size_bytes: 'integer',
    sha256: 'text',
    artifact: 'text',
    source_url_origin: 'text',
    at: 'text',
  },
  orphans: {
    realm: 'text',
    task_id: 'text',
    account: 'text',
    model: 'text',
    first_seen_at: 'text',
    estimated_micros: 'integer',
    currency: 'text',
    job_id: 'text',
    number: 'integer',
  },
  decisions: {
    decision_id: 'text',
    job_id: 'text',
    number: 'integer',
    kind: 'text',
    author: 'text',
    reason: 'text',
    at: 'text',
  },
  discrepancies: {
    discrepancy_id: 'text',
    job_id: 'text',
    number: 'integer',
    kind: 'text',
    facts: 'text',
    at: 'text',
  },
  closed_months: { month: 'text', author: 'text', closed_at: 'text' },
  month_totals: {
    month: 'text',
    currency: 'text',
    charged: 'integer',
    entries: 'integer',
    closed_at: 'text',
    author: 'text',
  },
  account_pauses: { account: 'text', reason: 'text', since: 'text', until: 'text' },
  durations: {
    job_id: 'text',
    number: 'integer',
    account: 'text',
    model: 'text',
    variant: 'text',
    unfinished_ms: 'integer',
    finished_ms: 'integer',
    at: 'text',
  },
  batch_budgets: { batch: 'text', currency: 'text', limit_micros: 'integer', set_at: 'text' },
};

export const EXPORTED_TABLES: readonly ExportedTable[] = Object.keys(
  EXPORTED,
) as readonly ExportedTable[];

export function isExportedTable(name: string): name is ExportedTable {
  return Object.hasOwn(EXPORTED, name);
}

export function columnsOf(table: ExportedTable): Readonly<Record<string, CellType>> {
  return EXPORTED[table];
}

/** Table of the first row of an export, which names the schema. */
export const HEADER = 'export';
/** Table of the last row of an export, without which it is not whole. */
export const FOOTER = 'end';
