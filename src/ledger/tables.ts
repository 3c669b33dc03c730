import type { ColumnType, Selectable } from 'kysely';

import type { GuardedTable } from './dialect.ts';

/** Every integer is a bigint when read, whatever the dialect. */
type Integer = ColumnType<bigint, bigint, bigint>;
/** Integer that is 0 or 1. */
type Flag = Integer;
/** JSON as text. */
type JsonText = string;
declare const sealed: unique symbol;

/** Text that went through the sealer. Only what was sealed can be written; what is read may be older than the key. */
export type SealedText = string & { readonly [sealed]: true };
type Sealed = ColumnType<string | null, SealedText | null, SealedText | null>;
/** ISO 8601 with milliseconds, so that order of text is order of time. */
type Time = string;

export interface JobsTable {
  job_id: string;
  request_hash: string;
  tenant: string | null;
  batch: string | null;
  account: string;
  provider: string;
  realm: string;
  model: string;
  /** 0 until a submission was admitted. */
  current_number: Integer;
  created_at: Time;
  ended_at: Time | null;
  end_status: string | null;
  result: Sealed;
  /** `null` for a job of a release that did not keep it. */
  input: Sealed;
}

export interface SubmissionsTable {
  job_id: string;
  number: Integer;
  account: string;
  realm: string;
  model: string;
  state: string;
  task_id: string | null;
  /** Where the task id came from. */
  source: string | null;
  operation: Sealed;
  snapshot: Sealed;
  error: Sealed;
  evidence: Sealed;
  key_id: string | null;
  newest_known_task_id: string | null;
  worker: string | null;
  /** The attempt that may send. */
  arming_id: string | null;
  armed_at: Time | null;
  deadline_at: Time | null;
  created_at: Time;
  ended_at: Time | null;
  ended_reason: string | null;
}

export interface EntriesTable {
  job_id: string;
  number: Integer;
  kind: string;
  sequence: Integer;
  micros: Integer;
  currency: string;
  basis: string;
  price_source: string;
  estimated: Flag;
  at: Time;
}

export interface ArtifactsTable {
  job_id: string;
  number: Integer;
  artifact_index: Integer;
  key: string;
  size_bytes: Integer;
  sha256: string;
  /** The whole artifact as the port takes it. */
  artifact: JsonText;
  source_url_origin: string | null;
  at: Time;
}

export interface OrphansTable {
  realm: string;
  task_id: string;
  account: string;
  model: string;
  first_seen_at: Time;
  estimated_micros: ColumnType<bigint | null, bigint | null, bigint | null>;
  currency: string | null;
  /** The submission whose late answer named the task, if one did. */
  job_id: string | null;
  number: ColumnType<bigint | null, bigint | null, bigint | null>;
}

export interface DecisionsTable {
  decision_id: string;
  job_id: string;
  /** The submission that the decision opened, took up or is about. */
  number: Integer;
  kind: string;
  author: string;
  reason: string;
  at: Time;
}

export interface DiscrepanciesTable {
  discrepancy_id: string;
  job_id: string;
  number: Integer;
  kind: string;
  facts: JsonText;
  at: Time;
}

/** Sums of entries, kept with every entry that is written. They can be computed anew from the entries alone. */
export interface DailyMoneyTable {
  /**
   * `booked`: by the date of the entry. `admitted`: by the day on which its submission was admitted.
   * `admitted_by_account`: the same over all models, tenants and batches, which makes few rows.
   */
  view: string;
  currency: string;
  /** `YYYY-MM-DD`. */
  day: string;
  account: string;
  model: string;
  /** Empty for jobs without one. */
  tenant: string;
  /** Empty for jobs without one. */
  batch: string;
  reserved: Integer;
  unknown: Integer;
  charged: Integer;
  estimated: Integer;
  charges: Integer;
}

/** No entry is dated into one of these months, nor into one before it. */
export interface ClosedMonthsTable {
  /** `YYYY-MM`. */
  month: string;
  author: string;
  closed_at: Time;
}

export interface MonthTotalsTable {
  month: string;
  currency: string;
  charged: Integer;
  entries: Integer;
  closed_at: Time;
  author: string;
}

export interface AccountPausesTable {
  account: string;
  reason: string;
  since: Time;
  until: Time;
}

/** How long tasks took: statistics, of which the newest are kept. */
export interface DurationsTable {
  job_id: string;
  number: Integer;
  account: string;
  model: string;
  /** The parameters of the request that matter for it. */
  variant: string;
  unfinished_ms: Integer;
  finished_ms: Integer;
  at: Time;
}

/** Jobs that were told to wait for a place. Of the moment: it is not exported. */
export interface WaitersTable {
  job_id: string;
  account: string;
  rank: string;
  /** Empty for jobs without one. */
  tenant: string;
  since: Time;
  /** Counts as waiting until then, unless it asks again. */
  until: Time;
}

/** Budgets that were set for batches at run time. */
export interface BatchBudgetsTable {
  batch: string;
  currency: string;
  limit_micros: Integer;
  set_at: Time;
}

export interface Tables {
  jobs: JobsTable;
  submissions: SubmissionsTable;
  entries: EntriesTable;
  artifacts: ArtifactsTable;
  orphans: OrphansTable;
  decisions: DecisionsTable;
  discrepancies: DiscrepanciesTable;
  closed_months: ClosedMonthsTable;
  month_totals: MonthTotalsTable;
  account_pauses: AccountPausesTable;
  durations: DurationsTable;
  waiters: WaitersTable;
  batch_budgets: BatchBudgetsTable;
  daily_money: DailyMoneyTable;
}

/** Tables whose rows the database itself refuses to change or remove. */
export const APPEND_ONLY: readonly GuardedTable[] = [
  { table: 'entries', key: ['job_id', 'number', 'kind', 'sequence'] },
  { table: 'closed_months', key: ['month'] },
  { table: 'month_totals', key: ['month', 'currency'] },
];

export type JobRow = Selectable<JobsTable>;
export type SubmissionRow = Selectable<SubmissionsTable>;
export type EntryRow = Selectable<EntriesTable>;
export type OrphanRow = Selectable<OrphansTable>;
export type DecisionRow = Selectable<DecisionsTable>;
export type DiscrepancyRow = Selectable<DiscrepanciesTable>;
