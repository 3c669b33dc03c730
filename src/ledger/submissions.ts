import { LedgerError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { SubmissionState } from '../core/ledger.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import type { JobRow, SubmissionRow, SubmissionsTable } from './tables.ts';
import type { Insertable, Updateable } from 'kysely';

export async function findJob(
  transaction: LedgerTransaction,
  jobId: string,
): Promise<JobRow | undefined> {
  return transaction.selectFrom('jobs').selectAll().where('job_id', '=', jobId).executeTakeFirst();
}

/** Throws `ledger.conflict` where the job was never opened. */
export async function requireJob(transaction: LedgerTransaction, jobId: string): Promise<JobRow> {
  const job = await findJob(transaction, jobId);
  if (job !== undefined) return job;
  throw new LedgerError('ledger.conflict', `job ${jobId} is not in the ledger; open it first`, {
    details: { jobId },
  });
}

export async function findSubmission(
  transaction: LedgerTransaction,
  key: SubmissionKey,
): Promise<SubmissionRow | undefined> {
  return transaction
    .selectFrom('submissions')
    .selectAll()
    .where('job_id', '=', key.jobId)
    .where('number', '=', key.number)
    .executeTakeFirst();
}

/** Throws `ledger.conflict` where the submission was never admitted. */
export async function requireSubmission(
  transaction: LedgerTransaction,
  key: SubmissionKey,
): Promise<SubmissionRow> {
  const row = await findSubmission(transaction, key);
  if (row !== undefined) return row;
  throw submissionConflict(key, 'is not in the ledger; admit it with openJob first');
}

/** The number after the job's last one. That need not be the current one, which may be a task taken up again. */
export async function findNextNumber(
  transaction: LedgerTransaction,
  jobId: string,
): Promise<bigint> {
  const { last } = await transaction
    .selectFrom('submissions')
    .select(({ fn }) => fn.max<bigint | null>('number').as('last'))
    .where('job_id', '=', jobId)
    .executeTakeFirstOrThrow();
  return (last ?? 0n) + 1n;
}

/** The submission that holds a task of a realm. */
export async function findTaskOwner(
  transaction: LedgerTransaction,
  realm: string,
  taskId: string,
): Promise<SubmissionRow | undefined> {
  return transaction
    .selectFrom('submissions')
    .selectAll()
    .where('realm', '=', realm)
    .where('task_id', '=', taskId)
    .executeTakeFirst();
}

export async function updateSubmission(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  changes: Updateable<SubmissionsTable> & { state?: SubmissionState },
): Promise<void> {
  await transaction
    .updateTable('submissions')
    .set(changes)
    .where('job_id', '=', key.jobId)
    .where('number', '=', key.number)
    .execute();
}

/** Writes the submission of a job under a number, with what its state asks for beside the job's own facts. */
export async function insertSubmission(
  transaction: LedgerTransaction,
  job: JobRow,
  number: bigint,
  facts: Pick<Insertable<SubmissionsTable>, 'state' | 'created_at'> &
    Partial<Insertable<SubmissionsTable>>,
): Promise<void> {
  await transaction
    .insertInto('submissions')
    .values({
      job_id: job.job_id,
      number,
      account: job.account,
      realm: job.realm,
      model: job.model,
      ...facts,
    })
    .execute();
}

/** Frees the place. A submission that has ended keeps its first reason and time. */
export async function endSubmission(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  reason: string,
  at: string,
): Promise<void> {
  await transaction
    .updateTable('submissions')
    .set({ ended_at: at, ended_reason: reason })
    .where('job_id', '=', key.jobId)
    .where('number', '=', key.number)
    .where('ended_at', 'is', null)
    .execute();
}

export function submissionConflict(
  key: SubmissionKey,
  what: string,
  details: JsonObject = {},
): LedgerError {
  return new LedgerError(
    'ledger.conflict',
    `submission ${key.number.toString()} of job ${key.jobId} ${what}`,
    { details: { ...details, jobId: key.jobId, number: Number(key.number) } },
  );
}
