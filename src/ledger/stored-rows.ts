import { sql } from 'kysely';

import type { StoredRow } from '../core/ledger.ts';
import type { Session } from './session.ts';
import type { Tables } from './tables.ts';

/** The key of every table, as its primary key has it. */
const KEYS = {
  jobs: ['job_id'],
  submissions: ['job_id', 'number'],
  entries: ['job_id', 'number', 'kind', 'sequence'],
  artifacts: ['job_id', 'number', 'artifact_index'],
  orphans: ['realm', 'task_id'],
  decisions: ['decision_id'],
  discrepancies: ['discrepancy_id'],
  closed_months: ['month'],
  month_totals: ['month', 'currency'],
  account_pauses: ['account'],
  durations: ['job_id', 'number'],
  waiters: ['job_id'],
  batch_budgets: ['batch'],
  daily_money: ['view', 'currency', 'day', 'account', 'model', 'tenant', 'batch'],
} as const satisfies { readonly [Table in keyof Tables]: readonly (keyof Tables[Table])[] };

const ROWS_PER_PAGE = 500n;

export type Row = Readonly<Record<string, string | bigint | null>>;

/** Every row of every table, table by table in the order of keys. A row that is written meanwhile may be missed. */
export async function* readStoredRows({
  read,
}: Pick<Session, 'read'>): AsyncGenerator<StoredRow, void> {
  for (const [table, columns] of Object.entries(KEYS)) {
    for await (const row of readTable(read, table as keyof Tables)) {
      yield toStoredRow(table, columns, row);
    }
  }
}

/** Every row of a table in the order of its key, a page at a time. */
export async function* readTable(
  read: Session['read'],
  table: keyof Tables,
): AsyncGenerator<Row, void> {
  const columns = KEYS[table];
  let page = await readPage(read, table, columns, undefined);
  for (;;) {
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    page = await readPage(read, table, columns, last);
  }
}

async function readPage(
  read: Session['read'],
  table: string,
  columns: readonly string[],
  last: Row | undefined,
): Promise<readonly Row[]> {
  const key = sql.join(columns.map((column) => sql.ref(column)));
  const after =
    last === undefined
      ? sql``
      : sql`where (${key}) > (${sql.join(columns.map((column) => last[column]))})`;
  const query = sql<Row>`select * from ${sql.table(table)} ${after} order by ${key} limit ${ROWS_PER_PAGE}`;
  return (await read((database) => query.execute(database))).rows;
}

/** The columns stand as they are stored, unquoted, so that a text is found as it was written. */
function toStoredRow(table: string, columns: readonly string[], row: Row): StoredRow {
  const cells = Object.entries(row).map(([column, value]) => `${column}: ${String(value)}`);
  const key = columns.map((column) => String(row[column])).join(' ');
  return { table, key, text: cells.join('\n') };
}
