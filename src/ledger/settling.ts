import type { ErrorReport } from '../core/errors.ts';
import type { SubmissionRecord } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { bookUnknown } from './entries.ts';
import type { SubmissionKey } from './rows.ts';
import { toSealedJson, toSubmissionRecord } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import {
  insertSubmission,
  findSubmission,
  requireJob,
  requireSubmission,
  submissionConflict,
  updateSubmission,
} from './submissions.ts';
import type { SubmissionRow } from './tables.ts';

/** Why a submission ended that was written only to close its door: it never had a place or a reservation. */
export const NEVER_ADMITTED = 'never_admitted';

const NOT_SENT: ErrorReport = {
  code: 'provider.unavailable',
  message: 'the submission was not sent: it was never armed; submit again under the next number',
  details: { reason: 'not_sent' },
};

/** First step of reconcile: shuts the door for late workers. Run twice: the second run finds what the first wrote. */
export async function settleSubmission(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  at: string,
): Promise<SubmissionRecord> {
  const row = await findSubmission(transaction, key);
  if (row === undefined) await writeNeverAdmitted(transaction, sealer, key, at);
  else await settle(transaction, sealer, key, row, at);
  return toSubmissionRecord(await requireSubmission(transaction, key), sealer);
}

async function settle(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  row: SubmissionRow,
  at: string,
): Promise<void> {
  if (row.state === 'admitted') {
    await updateSubmission(transaction, key, {
      state: 'rejected',
      error: toSealedJson(sealer, NOT_SENT),
    });
  } else if (row.state === 'armed' && isPast(row.deadline_at, at)) {
    await updateSubmission(transaction, key, { state: 'unknown' });
    await bookUnknown(transaction, key, at);
  }
}

function isPast(deadlineAt: string | null, at: string): boolean {
  return deadlineAt === null || Date.parse(deadlineAt) <= Date.parse(at);
}

async function writeNeverAdmitted(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  at: string,
): Promise<void> {
  const job = await requireJob(transaction, key.jobId);
  if (key.number !== job.current_number + 1n) {
    throw submissionConflict(
      key,
      `cannot be settled: the current number is ${job.current_number.toString()}`,
    );
  }
  await insertSubmission(transaction, job, key.number, {
    state: 'rejected',
    error: toSealedJson(sealer, NOT_SENT),
    created_at: at,
    ended_at: at,
    ended_reason: NEVER_ADMITTED,
  });
  await transaction
    .updateTable('jobs')
    .set({ current_number: key.number })
    .where('job_id', '=', key.jobId)
    .execute();
}
