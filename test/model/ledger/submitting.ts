import { isMediaJobError, LedgerError, RequestError } from '../../../src/core/errors.ts';
import type { DecisionRecord } from '../../../src/core/job.ts';
import type {
  Admission,
  ArmAnswer,
  ArmFacts,
  JobRecord,
  OpenJobRequest,
  RecordedResolution,
  ResolutionRecord,
  SubmissionId,
  SubmissionRecord,
} from '../../../src/core/ledger.ts';
import { MOST_MICROS } from '../../../src/core/money.ts';
import type { Book } from './book.ts';
import { conflict, idOf } from './book.ts';
import { bookUnknown, release, write } from './money.ts';
import { pauses, refuseOverBudget } from './money-book.ts';
import { lackOfPlace } from './places.ts';

const NEVER_ADMITTED = 'never_admitted';
const NOT_SENT = {
  code: 'provider.unavailable',
  message: 'the submission was not sent: it was never armed; submit again under the next number',
  details: { reason: 'not_sent' },
} as const;

/** A job that is refused is not written. */
export function openJob(book: Book, request: OpenJobRequest): Admission {
  if (request.quote !== null && BigInt(request.quote.micros) > MOST_MICROS) {
    throw new RequestError('request.invalid', `${request.quote.micros} micros are too many`);
  }
  const isNew = !book.jobs.has(request.jobId);
  try {
    const admission = open(book, request);
    const isWaiting = admission.kind === 'full' || admission.kind === 'paused';
    if (!isWaiting) book.waiters.delete(request.jobId);
    return admission;
  } catch (error) {
    if (isNew && book.jobs.has(request.jobId)) book.removeJob(request.jobId);
    if (isMediaJobError(error) && error.code === 'request.over_budget') {
      book.waiters.delete(request.jobId);
    }
    throw error;
  }
}

function open(book: Book, request: OpenJobRequest): Admission {
  const known = book.jobs.get(request.jobId);
  if (known !== undefined && known.requestHash !== request.requestHash) refuseHash(known, request);
  const owner = adoptedOwner(book, request);
  const job = known ?? newJob(request);
  if (known === undefined) book.putJob(job);

  if (job.endedAt !== null) return rerun(book, job, request, owner);
  if (owner?.number === job.currentNumber) return toAdmission(owner);
  if (owner === undefined && request.number > job.currentNumber + 1) {
    throw new LedgerError(
      'ledger.conflict',
      `job ${job.jobId}: submission ${request.number} cannot be opened; the current one is ${job.currentNumber}`,
      { details: { jobId: job.jobId, number: request.number } },
    );
  }
  if (job.currentNumber === 0) return admitIfPlace(book, job, request);
  const current = book.require({ jobId: job.jobId, number: job.currentNumber });
  return owner !== undefined || request.number <= job.currentNumber
    ? goOn(book, current, request)
    : admitNext(book, job, current, request);
}

function admitNext(
  book: Book,
  job: JobRecord,
  current: SubmissionRecord,
  request: OpenJobRequest,
): Admission {
  if (current.state === 'rejected' && current.endedAt === null) {
    const paused = pauseOf(book, request);
    if (paused !== undefined) return paused;
    refuseOverBudget(book, job, request, current);
    release(book, current, request.at);
    return passOn(book, current, request);
  }
  if (current.state === 'rejected' && current.endedReason === NEVER_ADMITTED) {
    return admitIfPlace(book, job, request);
  }
  const { resubmit } = request;
  const isOpenUnknown = current.state === 'unknown' && current.endedAt === null;
  if (!isOpenUnknown || resubmit === undefined) return goOn(book, current, request);
  if (book.isDecided(current.jobId, 'resubmit', resubmit)) return toAdmission(current);
  const paused = pauseOf(book, request);
  if (paused !== undefined) return paused;
  refuseOverBudget(book, job, request);
  const next = { jobId: current.jobId, number: current.number + 1 };
  book.decide(next, 'resubmit', resubmit, request.at);
  bookUnknown(book, current, request.at);
  return passOn(book, current, request);
}

function passOn(book: Book, current: SubmissionRecord, request: OpenJobRequest): Admission {
  book.endSubmission(current, 'resubmitted', request.at);
  return admit(book, request);
}

function rerun(
  book: Book,
  job: JobRecord,
  request: OpenJobRequest,
  owner: SubmissionRecord | undefined,
): Admission {
  const decision = request.rerun;
  if (decision === undefined || book.isDecided(job.jobId, 'rerun', decision)) {
    if (job.result !== null) return { kind: 'ended', result: job.result };
    throw new LedgerError('ledger.conflict', `job ${job.jobId} has an end without a result`);
  }
  if (owner === undefined) {
    const obstacle = pauseOf(book, request) ?? lackOfPlace(book, job, request);
    if (obstacle !== undefined) return obstacle;
    refuseOverBudget(book, job, request);
  }
  const currentNumber = owner?.number ?? job.currentNumber;
  book.putJob({ ...job, currentNumber, endedAt: null, end: null, result: null });
  const number = owner?.number ?? book.submissionsOf(job.jobId).length + 1;
  book.decide({ jobId: job.jobId, number }, 'rerun', decision, request.at);
  return owner === undefined ? admit(book, request) : toAdmission(owner);
}

function admitIfPlace(book: Book, job: JobRecord, request: OpenJobRequest): Admission {
  const obstacle = pauseOf(book, request) ?? lackOfPlace(book, job, request);
  if (obstacle !== undefined) return obstacle;
  refuseOverBudget(book, job, request);
  return admit(book, request);
}

function pauseOf(book: Book, { account, adopt, at }: OpenJobRequest): Admission | undefined {
  const pause = adopt === undefined ? pauses(book, at).get(account) : undefined;
  return pause === undefined ? undefined : { kind: 'paused', pause };
}

/** One that may still be sent waits while its account is paused. */
function goOn(book: Book, current: SubmissionRecord, request: OpenJobRequest): Admission {
  const admission = toAdmission(current);
  return admission.kind === 'admitted' ? (pauseOf(book, request) ?? admission) : admission;
}

function admit(book: Book, request: OpenJobRequest): Admission {
  const job = book.requireJob(request.jobId);
  const number = book.submissionsOf(job.jobId).length + 1;
  const { adopt } = request;
  book.putJob({ ...job, currentNumber: number });
  const row = book.put({
    ...blank(job, number, request.at),
    ...(adopt === undefined ? {} : { ...adopt, state: 'accepted', source: 'input' }),
  });
  if (request.quote !== null) write(book, row, 'reserve', request.quote, request.at);
  if (adopt !== undefined) book.removeOrphan(job.realm, adopt.taskId);
  return toAdmission(row);
}

function blank(job: JobRecord, number: number, createdAt: string): SubmissionRecord {
  return {
    jobId: job.jobId,
    number,
    account: job.account,
    realm: job.realm,
    model: job.model,
    state: 'admitted',
    taskId: null,
    source: null,
    operation: null,
    snapshot: null,
    error: null,
    evidence: null,
    keyId: null,
    newestKnownTaskId: null,
    worker: null,
    armedAt: null,
    deadlineAt: null,
    createdAt,
    endedAt: null,
    endedReason: null,
  };
}

function newJob(request: OpenJobRequest): JobRecord {
  const { jobId, requestHash, tenant, batch, account, provider, realm, model, input } = request;
  return {
    ...{ jobId, requestHash, tenant, batch, account, provider, realm, model, input },
    currentNumber: 0,
    createdAt: request.at,
    endedAt: null,
    end: null,
    result: null,
  };
}

function refuseHash(job: JobRecord, request: OpenJobRequest): never {
  const known = job.requestHash.slice(0, 12);
  const given = request.requestHash.slice(0, 12);
  throw new RequestError(
    'request.conflict',
    `job ${job.jobId} stands for another request (hash ${known}…, this one is ${given}…)`,
  );
}

function adoptedOwner(book: Book, request: OpenJobRequest): SubmissionRecord | undefined {
  if (request.adopt === undefined) return undefined;
  const { taskId } = request.adopt;
  const owner = book.ownerOf(request.realm, taskId);
  if (owner === undefined || owner.jobId === request.jobId) return owner;
  throw new RequestError('request.conflict', `task ${taskId} belongs to job ${owner.jobId}`);
}

function toAdmission(row: SubmissionRecord): Admission {
  const isFresh = row.state === 'admitted' && row.endedAt === null;
  return { kind: isFresh ? 'admitted' : 'resumed', submission: row };
}

export function arm(book: Book, id: SubmissionId, facts: ArmFacts): ArmAnswer {
  const row = book.find(id);
  if (row === undefined) return { kind: 'refused', submission: undefined };
  if (row.state !== 'admitted' || !book.isCurrent(row)) return { kind: 'refused', submission: row };
  const { at, armingId, ...armed } = facts;
  book.setArming(id, armingId);
  book.change(id, { ...armed, state: 'armed', armedAt: at });
  return { kind: 'armed' };
}

export function maySend(book: Book, id: SubmissionId, worker: string): boolean {
  const row = book.find(id);
  return row?.state === 'armed' && row.worker === worker && book.isCurrent(row);
}

export function settleSubmission(book: Book, id: SubmissionId, at: string): SubmissionRecord {
  const row = book.find(id);
  if (row === undefined) return writeNeverAdmitted(book, id, at);
  if (row.state === 'admitted') return book.change(id, { state: 'rejected', error: NOT_SENT });
  const isPast = row.deadlineAt === null || Date.parse(row.deadlineAt) <= Date.parse(at);
  if (row.state !== 'armed' || !isPast) return row;
  const settled = book.change(id, { state: 'unknown' });
  bookUnknown(book, id, at);
  return settled;
}

function writeNeverAdmitted(book: Book, id: SubmissionId, at: string): SubmissionRecord {
  const job = book.requireJob(id.jobId);
  if (id.number !== job.currentNumber + 1) {
    throw conflict(id, `cannot be settled: the current number is ${job.currentNumber}`);
  }
  book.putJob({ ...job, currentNumber: id.number });
  const closed = { state: 'rejected', error: NOT_SENT, endedAt: at, endedReason: NEVER_ADMITTED };
  return book.put({ ...blank(job, id.number, at), ...closed, state: 'rejected' });
}

export function resolveSubmission(
  book: Book,
  id: SubmissionId,
  resolution: ResolutionRecord,
  decision: DecisionRecord,
  at: string,
): RecordedResolution {
  if (book.isDecided(id.jobId, resolution.kind, decision)) return { kind: 'recorded' };
  const row = book.require(id);
  if (row.state !== 'unknown' || !book.isCurrent(row)) return { kind: 'refused', submission: row };
  if (resolution.kind === 'adopt') {
    const holder = book.ownerOf(row.realm, resolution.taskId);
    if (holder !== undefined) return { kind: 'taken', owner: idOf(holder) };
    const { taskId, operation, snapshot } = resolution;
    book.change(id, { state: 'accepted', source: 'operator', taskId, operation, snapshot });
    book.removeOrphan(row.realm, taskId);
  }
  book.decide(id, resolution.kind, decision, at);
  return { kind: 'recorded' };
}
