import { LedgerError } from '../core/errors.ts';
import type { JobResult } from '../core/job.ts';
import { isEndStatus } from '../core/job.ts';
import type { Sealer } from '../core/sealer.ts';
import { recordDiscrepancy, UNPROVED_BILLING } from './discrepancies.ts';
import { bookUnknown, isSettled, readEntries, releaseMoney } from './entries.ts';
import { toJobResult, toSealedJson } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { endSubmission, requireJob } from './submissions.ts';
import type { SubmissionRow } from './tables.ts';
import { removeWaiter } from './waiters.ts';

/** Writes the job's end and ends what is open. Run twice: the first result wins and is returned. */
export async function closeJob(
  transaction: LedgerTransaction,
  sealer: Sealer,
  jobId: string,
  result: JobResult,
  at: string,
): Promise<JobResult> {
  const job = await requireJob(transaction, jobId);
  if (job.result !== null) return toJobResult(job.result, sealer);
  if (!isEndStatus(result.status)) {
    throw new LedgerError(
      'ledger.conflict',
      `job ${jobId} cannot be closed with status ${result.status}: that is not an end`,
    );
  }
  const open = await transaction
    .selectFrom('submissions')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('ended_at', 'is', null)
    .execute();
  for (const row of open) await closeSubmission(transaction, row, at);
  await transaction
    .updateTable('jobs')
    .set({ ended_at: at, end_status: result.status, result: toSealedJson(sealer, result) })
    .where('job_id', '=', jobId)
    .execute();
  await removeWaiter(transaction, jobId);
  return result;
}

/** Releases money only where it is proved that no task exists; what may be owed stays on the book as unknown. */
async function closeSubmission(
  transaction: LedgerTransaction,
  row: SubmissionRow,
  at: string,
): Promise<void> {
  const key = { jobId: row.job_id, number: row.number };
  if (row.state === 'admitted' || row.state === 'rejected') {
    await releaseMoney(transaction, key, at);
  } else {
    const entries = await readEntries(transaction, key);
    const isBooked = isSettled(entries) || entries.some((entry) => entry.kind === 'unknown');
    if (!isBooked) await bookUnknown(transaction, key, at);
    if (!isBooked && row.state === 'accepted') {
      const facts = { reason: 'the job was closed before the cost of its task was recorded' };
      await recordDiscrepancy(transaction, key, UNPROVED_BILLING, facts, at);
    }
  }
  await endSubmission(transaction, key, 'closed', at);
}
