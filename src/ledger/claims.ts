import type { OutcomeRecord, TaskSource } from '../core/ledger.ts';
import { isFirstHand } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { recordDiscrepancy, TASK_CLAIMED_BY_REPLY } from './discrepancies.ts';
import { bookUnknown, cancelCharge } from './entries.ts';
import { removeOrphan } from './orphans.ts';
import type { SubmissionKey } from './rows.ts';
import { toSealedJson } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { updateSubmission } from './submissions.ts';
import type { JobRow, SubmissionRow } from './tables.ts';

/** States that an outcome may still move. */
const UNDECIDED: ReadonlySet<string> = new Set(['admitted', 'armed', 'unknown']);

export function isUndecided(row: SubmissionRow): boolean {
  return UNDECIDED.has(row.state);
}

/** True for the job's current submission while it has its place. */
export function isCurrent(job: JobRow, row: SubmissionRow): boolean {
  return row.ended_at === null && row.number === job.current_number;
}

/** True where an id of this source takes the task from the submission that holds it. */
export function outranks(source: TaskSource, holder: SubmissionRow): boolean {
  return isFirstHand(source) && !isHeldFirstHand(holder);
}

export function isHeldFirstHand(holder: SubmissionRow): boolean {
  return holder.source !== null && isFirstHand(holder.source as TaskSource);
}

/** Gives a task that nobody else holds to a submission. */
export async function giveTask(
  transaction: LedgerTransaction,
  sealer: Sealer,
  row: SubmissionRow,
  task: Omit<Extract<OutcomeRecord, { outcome: 'accepted' }>, 'outcome'>,
): Promise<void> {
  const key = { jobId: row.job_id, number: row.number };
  await updateSubmission(transaction, key, {
    state: 'accepted',
    task_id: task.taskId,
    source: task.source,
    operation: toSealedJson(sealer, task.operation),
    snapshot: toSealedJson(sealer, task.snapshot),
  });
  await removeOrphan(transaction, row.realm, task.taskId);
}

/**
 * Takes a task that was only inferred from its holder, because the reply to another submission names it. Nobody knows
 * any more what became of the holder; what it was charged for the task is given back.
 */
export async function takeTask(
  transaction: LedgerTransaction,
  holder: SubmissionRow,
  owner: SubmissionKey,
  at: string,
): Promise<void> {
  const key = { jobId: holder.job_id, number: holder.number };
  await updateSubmission(transaction, key, {
    state: 'unknown',
    task_id: null,
    source: null,
    operation: null,
    snapshot: null,
  });
  const facts = {
    taskId: holder.task_id,
    ownerJobId: owner.jobId,
    ownerNumber: Number(owner.number),
  };
  await recordDiscrepancy(transaction, key, TASK_CLAIMED_BY_REPLY, facts, at);
  await bookUnknown(transaction, key, at);
  const basis = `its task belongs to submission ${owner.number.toString()} of job ${owner.jobId}`;
  await cancelCharge(transaction, key, basis, at);
}
