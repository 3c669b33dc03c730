import type { ColumnType, Selectable } from 'kysely';

/** Every integer is a bigint when read, whatever the dialect. */
type Integer = ColumnType<bigint, bigint, bigint>;
/** Integer that is 0 or 1. */
type Flag = Integer;
/** JSON as text. */
type JsonText = string;
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
  result: JsonText | null;
}

export interface SubmissionsTable {
  job_id: string;
  number: Integer;
  account: string;
  realm: string;
  model: string;
  state: string;
  task_id: string | null;
  operation: JsonText | null;
  snapshot: JsonText | null;
  error: JsonText | null;
  evidence: JsonText | null;
  key_id: string | null;
  newest_known_task_id: string | null;
  worker: string | null;
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
  /** The submission that the decision opened or took up. */
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

export type JobRow = Selectable<JobsTable>;
export type SubmissionRow = Selectable<SubmissionsTable>;
export type EntryRow = Selectable<EntriesTable>;
