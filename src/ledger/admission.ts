import { LedgerError, RequestError } from '../core/errors.ts';
import type { Admission, OpenJobRequest } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { admit, admitIfPlace, findObstacle, findPauseOf, toAdmission } from './admitting.ts';
import type { Opening } from './admitting.ts';
import { isDecided, recordDecision } from './decisions.ts';
import { bookUnknown, releaseMoney } from './entries.ts';
import { findOrInsertJob } from './jobs.ts';
import { toJobResult } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { NEVER_ADMITTED } from './settling.ts';
import { endSubmission, findNextNumber, findTaskOwner, requireSubmission } from './submissions.ts';
import type { JobRow, SubmissionRow } from './tables.ts';
import { removeWaiter } from './waiters.ts';

/**
 * Opens the job and admits a submission, or says how far the job has come. Run twice: the second run finds the row of
 * the first. Throws `request.conflict`; `request.over_budget`; `ledger.conflict` for a number that skips one, or for a decision whose id
 * stands for another.
 */
export async function openJob(
  transaction: LedgerTransaction,
  sealer: Sealer,
  request: OpenJobRequest,
): Promise<Admission> {
  const admission = await decide(transaction, sealer, request);
  const isWaiting = admission.kind === 'full' || admission.kind === 'paused';
  if (!isWaiting) await removeWaiter(transaction, request.jobId);
  return admission;
}

async function decide(
  transaction: LedgerTransaction,
  sealer: Sealer,
  request: OpenJobRequest,
): Promise<Admission> {
  const job = await findOrInsertJob(transaction, sealer, request);
  const owner = await findAdoptedTaskOwner(transaction, request);
  const opening = { transaction, sealer, job, request };

  if (job.ended_at !== null) return rerunJob(opening, owner);
  if (owner?.number === job.current_number) return toAdmission(owner, sealer);
  if (owner === undefined) refuseSkippedNumber(job, request);
  if (job.current_number === 0n) return admitIfPlace(opening);

  const current = await requireSubmission(transaction, {
    jobId: job.job_id,
    number: job.current_number,
  });
  const isBehind = owner !== undefined || BigInt(request.number) <= job.current_number;
  if (isBehind) return goOn(opening, current);
  return admitNext(opening, current);
}

/** Says how far the submission has come. One that may still be sent waits while its account is paused. */
async function goOn(opening: Opening, current: SubmissionRow): Promise<Admission> {
  const admission = toAdmission(current, opening.sealer);
  if (admission.kind !== 'admitted') return admission;
  return (await findPauseOf(opening)) ?? admission;
}

/** The current submission is asked to give way to the next number. */
async function admitNext(opening: Opening, current: SubmissionRow): Promise<Admission> {
  const { transaction, request } = opening;
  const key = { jobId: current.job_id, number: current.number };
  if (current.state === 'rejected' && current.ended_at === null) {
    const paused = await findPauseOf(opening);
    if (paused !== undefined) return paused;
    await releaseMoney(transaction, key, request.at);
    return passOn(opening, current);
  }
  if (current.state === 'rejected' && current.ended_reason === NEVER_ADMITTED) {
    return admitIfPlace(opening);
  }
  if (current.state === 'unknown' && current.ended_at === null) return resubmit(opening, current);
  return goOn(opening, current);
}

/** Goes on although the current submission may have a task. One decision opens one number. */
async function resubmit(opening: Opening, current: SubmissionRow): Promise<Admission> {
  const { transaction, sealer, request } = opening;
  const decision = request.resubmit;
  const mayOpen =
    decision !== undefined && !(await isDecided(transaction, current.job_id, 'resubmit', decision));
  if (!mayOpen) return toAdmission(current, sealer);
  const paused = await findPauseOf(opening);
  if (paused !== undefined) return paused;
  const next = { jobId: current.job_id, number: current.number + 1n };
  await recordDecision(transaction, next, 'resubmit', decision, request.at);
  await bookUnknown(transaction, { jobId: current.job_id, number: current.number }, request.at);
  return passOn(opening, current);
}

/** Ends the current submission and gives its place to the next one. */
async function passOn(opening: Opening, current: SubmissionRow): Promise<Admission> {
  const key = { jobId: current.job_id, number: current.number };
  await endSubmission(opening.transaction, key, 'resubmitted', opening.request.at);
  return admit(opening);
}

/** Opens an ended job again, once per decision. Without one, or where no place is free, its end stays. */
async function rerunJob(opening: Opening, owner: SubmissionRow | undefined): Promise<Admission> {
  const { transaction, sealer, job, request } = opening;
  const decision = request.rerun;
  const mayOpen =
    decision !== undefined && !(await isDecided(transaction, job.job_id, 'rerun', decision));
  if (!mayOpen) return toEnded(opening);
  const obstacle = owner === undefined ? await findObstacle(opening) : undefined;
  if (obstacle !== undefined) return obstacle;
  // A task that is this job's own already is taken up where it was, not bought again.
  const number = owner?.number ?? (await findNextNumber(transaction, job.job_id));
  await transaction
    .updateTable('jobs')
    .set({ ended_at: null, end_status: null, result: null })
    .$if(owner !== undefined, (query) => query.set({ current_number: number }))
    .where('job_id', '=', job.job_id)
    .execute();
  await recordDecision(transaction, { jobId: job.job_id, number }, 'rerun', decision, request.at);
  return owner === undefined ? admit(opening) : toAdmission(owner, sealer);
}

function refuseSkippedNumber(job: JobRow, { number }: OpenJobRequest): void {
  if (BigInt(number) <= job.current_number + 1n) return;
  throw new LedgerError(
    'ledger.conflict',
    `job ${job.job_id}: submission ${number} cannot be opened; ` +
      `the current one is ${job.current_number.toString()}`,
    { details: { jobId: job.job_id, number } },
  );
}

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

function toEnded({ job, sealer }: Opening): Admission {
  if (job.result === null) {
    throw new LedgerError('ledger.conflict', `job ${job.job_id} has an end without a result`);
  }
  return { kind: 'ended', result: toJobResult(job.result, sealer) };
}
