import type { ErrorReport } from '../core/errors.ts';
import { LedgerError } from '../core/errors.ts';
import type { JobInput, JobResult } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';
import type {
  EntryKind,
  EntryRecord,
  JobRecord,
  SubmissionId,
  SubmissionRecord,
  SubmissionState,
  TaskSource,
} from '../core/ledger.ts';
import type { Operation, Snapshot, SubmitEvidence } from '../core/provider.ts';
import type { Sealer } from '../core/sealer.ts';
import type { EntryRow, JobRow, SealedText, SubmissionRow } from './tables.ts';

/** A submission as the tables name it. */
export interface SubmissionKey {
  readonly jobId: string;
  readonly number: bigint;
}

export function toKey(submission: SubmissionId): SubmissionKey {
  return { jobId: submission.jobId, number: BigInt(submission.number) };
}

export function toSubmissionId(row: Pick<SubmissionRow, 'job_id' | 'number'>): SubmissionId {
  return { jobId: row.job_id, number: Number(row.number) };
}

/** For what may hold a prompt, a signed URL or a provider's own words, which may echo either. */
export function toSealedJson(sealer: Sealer, value: object): SealedText {
  return sealer.seal(JSON.stringify(value)) as SealedText;
}

/** What this ledger wrote itself is read back as it was written: the casts below name what that was. */
function fromSealedJson(sealer: Sealer, text: string | null): unknown {
  if (text === null) return null;
  const opened = sealer.open(text);
  try {
    return JSON.parse(opened);
  } catch {
    // The parser's own error would show a part of the text.
    // Retried until an operator acts: a key that is missing must not end a job.
    throw new LedgerError(
      'ledger.unavailable',
      'a text of the ledger cannot be read: it was sealed with a key that this configuration does not have; ' +
        'give `encryption` the key it was written with',
    );
  }
}

export function toJobResult(text: string, sealer: Sealer): JobResult {
  return fromSealedJson(sealer, text) as JobResult;
}

export function toJobRecord(row: JobRow, sealer: Sealer): JobRecord {
  return {
    jobId: row.job_id,
    input: fromSealedJson(sealer, row.input) as JobInput | null,
    realm: row.realm,
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
    result: fromSealedJson(sealer, row.result) as JobResult | null,
  };
}

export function toSubmissionRecord(row: SubmissionRow, sealer: Sealer): SubmissionRecord {
  return {
    ...toSubmissionId(row),
    account: row.account,
    realm: row.realm,
    model: row.model,
    state: row.state as SubmissionState,
    taskId: row.task_id,
    source: row.source as TaskSource | null,
    operation: fromSealedJson(sealer, row.operation) as Operation | null,
    snapshot: fromSealedJson(sealer, row.snapshot) as Snapshot | null,
    error: fromSealedJson(sealer, row.error) as ErrorReport | null,
    evidence: fromSealedJson(sealer, row.evidence) as SubmitEvidence | null,
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
