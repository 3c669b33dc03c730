import type { OutcomeRecord, RecordedOutcome } from '../core/ledger.ts';
import { bookUnknown, releaseMoney } from './entries.ts';
import { recordOrphan, removeOrphan } from './orphans.ts';
import type { SubmissionKey } from './rows.ts';
import { toSubmissionRecord } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import {
  endSubmission,
  findSubmission,
  findTaskOwner,
  requireJob,
  requireSubmission,
  updateSubmission,
} from './submissions.ts';
import type { SubmissionRow } from './tables.ts';

type Outcome<Name extends OutcomeRecord['outcome']> = Extract<OutcomeRecord, { outcome: Name }>;

const RECORDED: RecordedOutcome = { kind: 'recorded' };
const ORPHANED: RecordedOutcome = { kind: 'orphaned' };

/** States that an outcome may still move. */
const UNDECIDED: ReadonlySet<string> = new Set(['admitted', 'armed', 'unknown']);

/** Writes what became of a submission. Run twice: the second run keeps what the first wrote. */
export async function recordOutcome(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  outcome: OutcomeRecord,
  at: string,
): Promise<RecordedOutcome> {
  if (outcome.outcome === 'accepted') return recordAccepted(transaction, key, outcome, at);
  const row = await requireSubmission(transaction, key);
  return outcome.outcome === 'rejected'
    ? recordRejected(transaction, key, row, outcome, at)
    : recordUnknown(transaction, key, row, outcome, at);
}

/** A task that its submission may not hold any more is an orphan, never lost and never an overwrite. */
async function recordAccepted(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  outcome: Outcome<'accepted'>,
  at: string,
): Promise<RecordedOutcome> {
  const job = await requireJob(transaction, key.jobId);
  const row = await findSubmission(transaction, key);
  if (row?.state === 'accepted' && row.task_id === outcome.taskId) return kept(row);

  const mayHold =
    row !== undefined &&
    UNDECIDED.has(row.state) &&
    row.ended_at === null &&
    row.number === job.current_number;
  const owner = mayHold ? await findTaskOwner(transaction, job.realm, outcome.taskId) : undefined;
  if (!mayHold || owner !== undefined) {
    await recordOrphan(transaction, job, key, outcome.taskId, at);
    return ORPHANED;
  }
  await updateSubmission(transaction, key, {
    state: 'accepted',
    task_id: outcome.taskId,
    operation: JSON.stringify(outcome.operation),
    snapshot: JSON.stringify(outcome.snapshot),
  });
  await removeOrphan(transaction, job.realm, outcome.taskId);
  return RECORDED;
}

/** Proof that no task exists also settles a submission that was unknown, whenever the proof comes. */
async function recordRejected(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  row: SubmissionRow,
  outcome: Outcome<'rejected'>,
  at: string,
): Promise<RecordedOutcome> {
  if (!UNDECIDED.has(row.state)) return kept(row);
  await updateSubmission(transaction, key, {
    state: 'rejected',
    error: JSON.stringify(outcome.error),
  });
  if (outcome.final || row.ended_at !== null) {
    await releaseMoney(transaction, key, at);
    await endSubmission(transaction, key, 'rejected', at);
  }
  return RECORDED;
}

async function recordUnknown(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  row: SubmissionRow,
  outcome: Outcome<'unknown'>,
  at: string,
): Promise<RecordedOutcome> {
  // Evidence that comes after reconcile gave the submission up as unknown may still name the task.
  const isNews = UNDECIDED.has(row.state) && row.evidence === null;
  if (!isNews) return kept(row);
  await updateSubmission(transaction, key, {
    state: 'unknown',
    evidence: JSON.stringify(outcome.evidence),
  });
  await bookUnknown(transaction, key, at);
  return RECORDED;
}

function kept(row: SubmissionRow): RecordedOutcome {
  return { kind: 'kept', submission: toSubmissionRecord(row) };
}
