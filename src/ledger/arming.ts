import type { ArmAnswer, ArmFacts } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { isCurrent } from './claims.ts';
import type { SubmissionKey } from './rows.ts';
import { toSubmissionRecord } from './rows.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import { findSubmission, requireJob, updateSubmission } from './submissions.ts';

/**
 * Gives the one permission to POST. Run twice: the second is refused, even by the same worker, because nothing tells
 * whether the first already sent.
 */
export async function arm(
  transaction: LedgerTransaction,
  sealer: Sealer,
  key: SubmissionKey,
  facts: ArmFacts,
): Promise<ArmAnswer> {
  const row = await findSubmission(transaction, key);
  if (row === undefined) return { kind: 'refused', submission: undefined };
  const job = await requireJob(transaction, key.jobId);
  if (row.state !== 'admitted' || !isCurrent(job, row)) {
    return { kind: 'refused', submission: toSubmissionRecord(row, sealer) };
  }
  await updateSubmission(transaction, key, {
    state: 'armed',
    arming_id: facts.armingId,
    worker: facts.worker,
    key_id: facts.keyId,
    armed_at: facts.at,
    deadline_at: facts.deadlineAt,
    newest_known_task_id: facts.newestKnownTaskId,
  });
  return { kind: 'armed' };
}

/** One statement, so that it sees one state of the book. */
export async function maySend(
  database: LedgerDatabase,
  key: SubmissionKey,
  worker: string,
): Promise<boolean> {
  const row = await database
    .selectFrom('submissions')
    .innerJoin('jobs', (join) =>
      join
        .onRef('jobs.job_id', '=', 'submissions.job_id')
        .onRef('jobs.current_number', '=', 'submissions.number'),
    )
    .select('submissions.number')
    .where('submissions.job_id', '=', key.jobId)
    .where('submissions.number', '=', key.number)
    .where('submissions.state', '=', 'armed')
    .where('submissions.worker', '=', worker)
    .where('submissions.ended_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}
