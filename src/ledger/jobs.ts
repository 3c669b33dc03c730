import { RequestError } from '../core/errors.ts';
import type { OpenJobRequest } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { toSealedJson } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { findJob } from './submissions.ts';
import type { JobRow } from './tables.ts';

/**
 * The row of the job, written if it is new. One that an earlier release wrote gets its input. Throws `request.conflict`
 * where the job stands for another request.
 */
export async function findOrInsertJob(
  transaction: LedgerTransaction,
  sealer: Sealer,
  request: OpenJobRequest,
): Promise<JobRow> {
  const job = await findJob(transaction, request.jobId);
  if (job === undefined) return insertJob(transaction, sealer, request);
  refuseOtherRequest(job, request);
  if (job.input === null) {
    await transaction
      .updateTable('jobs')
      .set({ input: toSealedJson(sealer, request.input) })
      .where('job_id', '=', job.job_id)
      .execute();
  }
  return job;
}

async function insertJob(
  transaction: LedgerTransaction,
  sealer: Sealer,
  request: OpenJobRequest,
): Promise<JobRow> {
  return transaction
    .insertInto('jobs')
    .values({
      job_id: request.jobId,
      request_hash: request.requestHash,
      tenant: request.tenant,
      batch: request.batch,
      account: request.account,
      provider: request.provider,
      realm: request.realm,
      model: request.model,
      input: toSealedJson(sealer, request.input),
      current_number: 0n,
      created_at: request.at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

function refuseOtherRequest(job: JobRow, request: OpenJobRequest): void {
  if (job.request_hash === request.requestHash) return;
  const known = job.request_hash.slice(0, HASH_PREFIX_LENGTH);
  const given = request.requestHash.slice(0, HASH_PREFIX_LENGTH);
  throw new RequestError(
    'request.conflict',
    `job ${job.job_id} stands for another request (hash ${known}…, this one is ${given}…); use another job id`,
    { details: { jobId: job.job_id, recordedHash: known, givenHash: given } },
  );
}

const HASH_PREFIX_LENGTH = 12;
