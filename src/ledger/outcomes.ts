import type { OutcomeRecord, RecordedOutcome } from '../core/ledger.ts';
import { isFirstHand } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { giveTask, isCurrent, isHeldFirstHand, isUndecided, outranks, takeTask } from './claims.ts';
import { bookUnknown, releaseMoney } from './entries.ts';
import { recordLateTask } from './orphans.ts';
import type { SubmissionKey } from './rows.ts';
import { toSealedJson, toSubmissionId, toSubmissionRecord } from './rows.ts';
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

/** Writes what became of a submission. Run twice: the second run keeps what the first wrote. */
export async function recordOutcome(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  outcome: OutcomeRecord,
  at: string,
): Promise<RecordedOutcome> {
  switch (outcome.outcome) {
    case 'accepted':
      return recordAccepted(transaction, sealer, key, outcome, at);
    case 'rejected':
      return recordRejected(transaction, sealer, key, outcome, at);
    case 'unknown':
      return recordUnknown(transaction, sealer, key, outcome, at);
  }
}

/**
 * A task is given to a submission that may hold it and has the better claim. One that nobody may hold is an orphan:
 * never lost, and never an overwrite.
 */
async function recordAccepted(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  outcome: Outcome<'accepted'>,
  at: string,
): Promise<RecordedOutcome> {
  const job = await requireJob(transaction, key.jobId);
  const row = await findSubmission(transaction, key);
  if (row?.state === 'accepted' && row.task_id === outcome.taskId) {
    return keepTask(transaction, sealer, row, outcome);
  }
  const holder = await findTaskOwner(transaction, job.realm, outcome.taskId);
  const mayHold = row !== undefined && isUndecided(row) && isCurrent(job, row);
  if (holder !== undefined) {
    if (!mayHold || !outranks(outcome.source, holder)) {
      return { kind: 'taken', owner: toSubmissionId(holder) };
    }
    await takeTask(transaction, holder, key, at);
  }
  if (!mayHold) {
    await recordLateTask(transaction, job, key, outcome.taskId, at);
    return ORPHANED;
  }
  await giveTask(transaction, sealer, row, outcome);
  return RECORDED;
}

/** The reply may come after its task was inferred: from then on nobody outranks the submission. */
async function keepTask(
  transaction: LedgerTransaction,
  sealer: Sealer,
  row: SubmissionRow,
  { source }: Outcome<'accepted'>,
): Promise<RecordedOutcome> {
  if (isHeldFirstHand(row) || !isFirstHand(source)) return kept(row, sealer);
  await updateSubmission(transaction, { jobId: row.job_id, number: row.number }, { source });
  return kept({ ...row, source }, sealer);
}

/** Proof that no task exists also settles a submission that was unknown, whenever the proof comes. */
async function recordRejected(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  outcome: Outcome<'rejected'>,
  at: string,
): Promise<RecordedOutcome> {
  const row = await requireSubmission(transaction, key);
  if (!isUndecided(row) || isArmedByAnother(row, outcome.armingId)) return kept(row, sealer);
  await updateSubmission(transaction, key, {
    state: 'rejected',
    error: toSealedJson(sealer, outcome.error),
  });
  if (outcome.final || row.ended_at !== null) {
    await releaseMoney(transaction, key, at);
    await endSubmission(transaction, key, 'rejected', at);
  }
  return RECORDED;
}

/** An attempt that was refused its arming, or never had it, proves nothing about the POST of the one that has it. */
function isArmedByAnother(row: SubmissionRow, armingId: string | undefined): boolean {
  return armingId !== undefined && row.arming_id !== null && row.arming_id !== armingId;
}

async function recordUnknown(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  outcome: Outcome<'unknown'>,
  at: string,
): Promise<RecordedOutcome> {
  const row = await requireSubmission(transaction, key);
  // Evidence that comes after reconcile gave the submission up as unknown may still name the task.
  if (!isUndecided(row) || row.evidence !== null) return kept(row, sealer);
  await updateSubmission(transaction, key, {
    state: 'unknown',
    evidence: toSealedJson(sealer, outcome.evidence),
  });
  await bookUnknown(transaction, key, at);
  return RECORDED;
}

function kept(row: SubmissionRow, sealer: Sealer): RecordedOutcome {
  return { kind: 'kept', submission: toSubmissionRecord(row, sealer) };
}
