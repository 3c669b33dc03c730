import { LedgerError, RequestError } from '../core/errors.ts';
import type { Decision } from '../core/job.ts';
import type { Admission, OpenJobRequest, SubmissionState } from '../core/ledger.ts';
import { recordDecision } from './decisions.ts';
import { releaseMoney, writeEntry } from './entries.ts';
import { removeOrphan } from './orphans.ts';
import { findLackOfPlace } from './places.ts';
import { toJobResult, toSubmissionRecord } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { NEVER_ADMITTED } from './settling.ts';
import {
  endSubmission,
  findJob,
  findTaskOwner,
  insertSubmission,
  requireSubmission,
} from './submissions.ts';
import type { JobRow, SubmissionRow } from './tables.ts';

/**
 * Opens the job and admits a submission, or says how far the job has come. Run twice: the second run finds the row of
 * the first. Throws `request.conflict`; `ledger.conflict` for a number that skips one.
 */
export async function openJob(
  transaction: LedgerTransaction,
  request: OpenJobRequest,
): Promise<Admission> {
  const job =
    (await findJob(transaction, request.jobId)) ?? (await insertJob(transaction, request));
  refuseOtherRequest(job, request);
  const owner = await findAdoptedTaskOwner(transaction, request);

  if (job.ended_at !== null) {
    if (request.rerun === undefined) return toEnded(job);
    return rerunJob(transaction, job, request, request.rerun, owner);
  }
  if (owner !== undefined) return toAdmission(owner);

  const number = BigInt(request.number);
  if (number > job.current_number + 1n) {
    throw new LedgerError(
      'ledger.conflict',
      `job ${job.job_id}: submission ${number.toString()} cannot be opened; ` +
        `the current one is ${job.current_number.toString()}`,
      { details: { jobId: job.job_id, number: request.number } },
    );
  }
  if (job.current_number === 0n) return admitIfPlace(transaction, job, request);

  const current = await requireSubmission(transaction, {
    jobId: job.job_id,
    number: job.current_number,
  });
  if (number <= job.current_number) return toAdmission(current);
  return admitNext(transaction, job, current, request);
}

/** The current submission is asked to give way to the next number. */
async function admitNext(
  transaction: LedgerTransaction,
  job: JobRow,
  current: SubmissionRow,
  request: OpenJobRequest,
): Promise<Admission> {
  const key = { jobId: job.job_id, number: current.number };
  if (current.state === 'rejected' && current.ended_at === null) {
    await releaseMoney(transaction, key, request.at);
    return passOn(transaction, job, current, request);
  }
  if (current.state === 'rejected' && current.ended_reason === NEVER_ADMITTED) {
    return admitIfPlace(transaction, job, request);
  }
  if (current.state === 'unknown' && current.ended_at === null && request.rerun !== undefined) {
    const next = { jobId: job.job_id, number: current.number + 1n };
    await recordDecision(transaction, next, 'resubmit', request.rerun, request.at);
    return passOn(transaction, job, current, request);
  }
  return toAdmission(current);
}

/** Ends the current submission and gives its place to the next one. */
async function passOn(
  transaction: LedgerTransaction,
  job: JobRow,
  current: SubmissionRow,
  request: OpenJobRequest,
): Promise<Admission> {
  const key = { jobId: job.job_id, number: current.number };
  await endSubmission(transaction, key, 'resubmitted', request.at);
  return admit(transaction, job, request);
}

/** Opens an ended job again. Where no place is free nothing is written. */
async function rerunJob(
  transaction: LedgerTransaction,
  job: JobRow,
  request: OpenJobRequest,
  decision: Decision,
  owner: SubmissionRow | undefined,
): Promise<Admission> {
  const full = owner === undefined ? await findLackOfPlace(transaction, request) : undefined;
  if (full !== undefined) return full;
  await transaction
    .updateTable('jobs')
    .set({ ended_at: null, end_status: null, result: null })
    .where('job_id', '=', job.job_id)
    .execute();
  const number = owner?.number ?? job.current_number + 1n;
  await recordDecision(transaction, { jobId: job.job_id, number }, 'rerun', decision, request.at);
  // The task is this job's own already: taken up where it was, not bought again.
  if (owner !== undefined) return toAdmission(owner);
  return admit(transaction, job, request);
}

async function admitIfPlace(
  transaction: LedgerTransaction,
  job: JobRow,
  request: OpenJobRequest,
): Promise<Admission> {
  return (await findLackOfPlace(transaction, request)) ?? (await admit(transaction, job, request));
}

/** Writes the submission after the current one, with its reservation. */
async function admit(
  transaction: LedgerTransaction,
  job: JobRow,
  request: OpenJobRequest,
): Promise<Admission> {
  const key = { jobId: job.job_id, number: job.current_number + 1n };
  const adopt = request.adopt;
  const state: SubmissionState = adopt === undefined ? 'admitted' : 'accepted';
  await insertSubmission(transaction, job, key.number, {
    state,
    task_id: adopt?.taskId ?? null,
    operation: adopt === undefined ? null : JSON.stringify(adopt.operation),
    snapshot: adopt === undefined ? null : JSON.stringify(adopt.snapshot),
    key_id: adopt?.keyId ?? null,
    created_at: request.at,
  });
  await transaction
    .updateTable('jobs')
    .set({ current_number: key.number })
    .where('job_id', '=', key.jobId)
    .execute();
  if (request.quote !== null) {
    await writeEntry(transaction, key, 'reserve', request.quote, request.at);
  }
  if (adopt !== undefined) await removeOrphan(transaction, job.realm, adopt.taskId);
  return toAdmission(await requireSubmission(transaction, key));
}

async function insertJob(transaction: LedgerTransaction, request: OpenJobRequest): Promise<JobRow> {
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

async function findAdoptedTaskOwner(
  transaction: LedgerTransaction,
  request: OpenJobRequest,
): Promise<SubmissionRow | undefined> {
  if (request.adopt === undefined) return undefined;
  const { taskId } = request.adopt;
  const owner = await findTaskOwner(transaction, request.realm, taskId);
  if (owner === undefined || owner.job_id === request.jobId) return owner;
  throw new RequestError(
    'request.conflict',
    `task ${taskId} belongs to job ${owner.job_id}; it cannot be adopted by job ${request.jobId}`,
    { details: { taskId, ownerJobId: owner.job_id, ownerNumber: Number(owner.number) } },
  );
}

function toAdmission(row: SubmissionRow): Admission {
  const kind = row.state === 'admitted' && row.ended_at === null ? 'admitted' : 'resumed';
  return { kind, submission: toSubmissionRecord(row) };
}

function toEnded(job: JobRow): Admission {
  if (job.result === null) {
    throw new LedgerError('ledger.conflict', `job ${job.job_id} has an end without a result`);
  }
  return { kind: 'ended', result: toJobResult(job.result) };
}
