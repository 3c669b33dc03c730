import type { ErrorReport } from '../core/errors.ts';
import type { RecordedOutcome, SubmissionRecord } from '../core/ledger.ts';
import type { Operation, Snapshot, TaskStatus } from '../core/provider.ts';

/** What an accepted submission leaves behind: all that later steps need. Also the details of submit's heartbeat. */
export interface AcceptedTask {
  readonly taskId: string;
  readonly operation: Operation;
  readonly snapshot: Snapshot;
}

/** Outcome of a submission as the workflow sees it. A value, also when nobody knows. */
export type SubmitOutcome =
  | ({ readonly outcome: 'accepted' } & AcceptedTask)
  | { readonly outcome: 'rejected'; readonly error: ErrorReport; readonly retryAfterMs?: number }
  /** `evidence` is for an operator; raw bytes stay in the ledger. */
  | { readonly outcome: 'unknown'; readonly evidence: UnknownEvidence };

export interface UnknownEvidence {
  readonly reason: string;
  readonly httpStatus?: number;
  /** Host, process and run of the worker that armed it: its disk may hold a spooled record. */
  readonly worker?: string;
  readonly armedAt?: string;
  /** Tasks in the provider's list that may be the submission's own, newest first. */
  readonly candidates?: readonly TaskCandidate[];
}

export type TaskCandidate = {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly createdAt: string | null;
};

/** Says in one outcome what a row in the ledger says; `undefined` for a row that nothing was sent for. */
export function outcomeOf(row: SubmissionRecord): SubmitOutcome | undefined {
  switch (row.state) {
    case 'admitted':
      return undefined;
    case 'accepted':
      return acceptedTaskOf(row);
    case 'rejected':
      return {
        outcome: 'rejected',
        error: row.error ?? {
          code: 'provider.unavailable',
          message: 'the submission was rejected for a reason that was not recorded',
          details: {},
        },
      };
    case 'armed':
    case 'unknown':
      return { outcome: 'unknown', evidence: evidenceOf(row) };
  }
}

function acceptedTaskOf(row: SubmissionRecord): SubmitOutcome {
  if (row.taskId === null || row.operation === null || row.snapshot === null) {
    return {
      outcome: 'unknown',
      evidence: { reason: 'the ledger holds an accepted submission without its task' },
    };
  }
  const { taskId, operation, snapshot } = row;
  return { outcome: 'accepted', taskId, operation, snapshot };
}

/** What a step reports once the ledger has taken its outcome: an earlier one stands, an orphan is nobody's task. */
export function outcomeAsRecorded(
  recorded: RecordedOutcome,
  outcome: SubmitOutcome,
  orphanReason: string,
): SubmitOutcome {
  switch (recorded.kind) {
    case 'recorded':
      return outcome;
    case 'kept':
      return outcomeOf(recorded.submission) ?? outcome;
    case 'orphaned':
      return { outcome: 'unknown', evidence: { reason: orphanReason } };
    case 'taken': {
      const { jobId, number } = recorded.owner;
      const reason = `its task is held by submission ${number} of job ${jobId}`;
      return { outcome: 'unknown', evidence: { reason } };
    }
  }
}

export function evidenceOf(row: SubmissionRecord): UnknownEvidence {
  const reason =
    row.evidence?.reason ?? 'the worker was lost between arming the submission and its outcome';
  return {
    reason,
    ...(row.evidence?.httpStatus === undefined ? {} : { httpStatus: row.evidence.httpStatus }),
    ...(row.worker === null ? {} : { worker: row.worker }),
    ...(row.armedAt === null ? {} : { armedAt: row.armedAt }),
  };
}
