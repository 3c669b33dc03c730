import type { ColumnType, Selectable } from 'kysely';

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

export interface Tables {
  jobs: JobsTable;
  submissions: SubmissionsTable;
  entries: EntriesTable;
  artifacts: ArtifactsTable;
  orphans: OrphansTable;
  decisions: DecisionsTable;
  discrepancies: DiscrepanciesTable;
}

/** Tables whose rows the database itself refuses to change or remove. */
export const APPEND_ONLY: readonly (keyof Tables)[] = ['entries'];

export type JobRow = Selectable<JobsTable>;
export type SubmissionRow = Selectable<SubmissionsTable>;
export type EntryRow = Selectable<EntriesTable>;
export type OrphanRow = Selectable<OrphansTable>;
export type DecisionRow = Selectable<DecisionsTable>;
export type DiscrepancyRow = Selectable<DiscrepanciesTable>;
