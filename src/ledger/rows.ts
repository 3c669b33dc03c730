import type { ErrorReport } from '../core/errors.ts';
import type { JobResult } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';
import type {
  EntryKind,
  EntryRecord,
  JobRecord,
  SubmissionId,
  SubmissionRecord,
  SubmissionState,
} from '../core/ledger.ts';
import type { Operation, Snapshot, SubmitEvidence } from '../core/provider.ts';
import type { EntryRow, JobRow, SubmissionRow } from './tables.ts';

/** A submission as the tables name it. */
export interface SubmissionKey {
  readonly jobId: string;
  readonly number: bigint;
}

export function toKey(submission: SubmissionId): SubmissionKey {
  return { jobId: submission.jobId, number: BigInt(submission.number) };
}

/** What this ledger wrote itself is read back as it was written: the casts below name what that was. */
function fromJson(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

export function toJobResult(text: string): JobResult {
  return fromJson(text) as JobResult;
}

export function toJobRecord(row: JobRow): JobRecord {
  return {
    jobId: row.job_id,
    requestHash: row.request_hash,
    tenant: row.tenant,
    batch: row.batch,
    account: row.account,
    provider: row.provider,
    model: row.model,
    currentNumber: Number(row.current_number),
    createdAt: row.created_at,
    endedAt: row.ended_at,
    end: row.end_status !== null && isEndStatus(row.end_status) ? row.end_status : null,
    result: fromJson(row.result) as JobResult | null,
  };
}

export function toSubmissionRecord(row: SubmissionRow): SubmissionRecord {
  return {
    jobId: row.job_id,
    number: Number(row.number),
    account: row.account,
    realm: row.realm,
    model: row.model,
    state: row.state as SubmissionState,
    taskId: row.task_id,
    operation: fromJson(row.operation) as Operation | null,
    snapshot: fromJson(row.snapshot) as Snapshot | null,
    error: fromJson(row.error) as ErrorReport | null,
    evidence: fromJson(row.evidence) as SubmitEvidence | null,
    keyId: row.key_id,
    newestKnownTaskId: row.newest_known_task_id,
    worker: row.worker,
    armedAt: row.armed_at,
    deadlineAt: row.deadline_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    endedReason: row.ended_reason,
  };
}

export function toEntryRecord(row: EntryRow): EntryRecord {
  return {
    jobId: row.job_id,
    number: Number(row.number),
    kind: row.kind as EntryKind,
    sequence: Number(row.sequence),
    micros: row.micros.toString(),
    currency: row.currency,
    basis: row.basis,
    priceSource: row.price_source,
    estimated: row.estimated === 1n,
    at: row.at,
  };
}
