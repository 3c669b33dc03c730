import { CancelledFailure, condition } from '@temporalio/workflow';
import type {
  AcceptedTask,
  OpenedJob,
  OpenJobStep,
  ResubmitDecision,
  SubmitOutcome,
  UnknownEvidence,
} from '../activities/index.ts';
import { toCost } from '../core/billing.ts';
import { ERROR_CODES } from '../core/error-codes.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { JobInput, JobResult } from '../core/job.ts';
import { resubmitDelayMs } from '../core/resubmit-delay.ts';
import { toEarlyEnd, toErrorReport, toLastHeartbeat } from '../failures.ts';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { runUntil } from './run-until.ts';
import { settleSubmission } from './settle-submission.ts';
import type { LostSubmission } from './settle-submission.ts';
import { openingAttempt, openingSteps, submitStep } from './steps.ts';

/** How the part of a job that precedes its task ends. */
export type Acquisition =
  | {
      readonly kind: 'acquired';
      readonly task: AcceptedTask;
      readonly number: number;
      readonly armedAtMs: number;
    }
  /** The job had ended in an earlier run. */
  | { readonly kind: 'ended_before'; readonly result: JobResult }
  /** No task exists that anybody can name. */
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed';
      readonly error: ErrorReport;
      /** False where the ledger holds no row of this job, or holds another job's: nothing may be closed there. */
      readonly isOpened: boolean;
    };

/**
 * Opens the job and submits it, under the next number as often as the earlier ones were proved not accepted or a decision
 * says so. `from` is the number to begin with: 1, or that of a submission whose claim on its task was lost.
 */
export async function acquireTask(
  input: JobInput,
  record: JobRecord,
  control: JobControl,
  from: number,
): Promise<Acquisition> {
  let next: NextSubmission = { number: from };
  let heldMs = 0;
  let mayResubmit = true;
  for (;;) {
    const opened = await open(input, record, control, next, heldMs);
    if (!('plan' in opened)) return opened;
    const { number } = opened;
    // The ledger did not take the policy's decision: its cap is reached.
    if (next.resubmit !== undefined && number < next.number) mayResubmit = false;
    record.update(
      {
        plan: opened.plan,
        submissions: number,
        status: 'submitting',
        cost: toCost(opened.plan.quote, 'reserved'),
      },
      opened.outcome === undefined
        ? `submission ${number} is admitted`
        : `submission ${number} is known already`,
    );

    const armedAtMs = opened.armedAt === null ? Date.now() : Date.parse(opened.armedAt);
    const sent = opened.outcome ?? (await submit(record, control, number));
    const settlingSinceMs = Date.now();
    const outcome =
      sent.outcome === 'unknown'
        ? await settleSubmission(record, control, number, sent, mayResubmit)
        : sent;
    heldMs += Date.now() - settlingSinceMs;
    switch (outcome.outcome) {
      case 'accepted': {
        const { taskId, operation, snapshot } = outcome;
        return { kind: 'acquired', task: { taskId, operation, snapshot }, number, armedAtMs };
      }
      case 'cancelled':
        return { kind: 'cancelled' };
      case 'unknown':
        return failedUnknown(record, number, outcome.evidence);
      case 'abandoned':
        return failedUnknown(record, number, outcome.evidence, outcome.by);
      case 'resubmit':
        next = { number: number + 1, resubmit: outcome.decision };
        break;
      case 'rejected':
        if (ERROR_CODES[outcome.error.code].before === 'final') {
          return { kind: 'failed', error: outcome.error, isOpened: true };
        }
        await pauseBeforeNext(record, control, number, outcome);
        next = { number: number + 1, lastReason: outcome.error.message };
    }
    if (control.cancel !== undefined) return { kind: 'cancelled' };
  }
}

interface NextSubmission {
  readonly number: number;
  /** Why the one before it was not accepted. */
  readonly lastReason?: string;
  readonly resubmit?: ResubmitDecision;
}

type Opened = Extract<OpenedJob, { kind: 'open' }>;

async function open(
  input: JobInput,
  record: JobRecord,
  control: JobControl,
  next: NextSubmission,
  heldMs: number,
): Promise<Opened | Exclude<Acquisition, { kind: 'acquired' }>> {
  // Time in which nobody could tell does not count against the job's patience.
  const startedAtMs = record.startedAtMs + heldMs;
  const step = { jobId: record.jobId, input, startedAtMs, ...next };
  const { openJob } = openingSteps();
  try {
    const opened = await openAtOnce(control, step);
    return toAcquisition(opened ?? (await untilCancelled(control, () => openJob(step))));
  } catch (error) {
    if (toEarlyEnd(error) === 'woken') {
      return toAcquisition(await openJob({ ...step, isCancelled: true }));
    }
    const report = toErrorReport(error);
    if (report === undefined) throw error;
    const isOpened = report.code === 'request.gave_up' || record.facts.plan !== null;
    return { kind: 'failed', error: report, isOpened };
  }
}

/**
 * The usual case: a place is free and the ledger answers, which a local step finds out without an event of its own.
 * `undefined` where the job has to wait; only the server's retries wait without history.
 */
async function openAtOnce(control: JobControl, step: OpenJobStep): Promise<OpenedJob | undefined> {
  if (control.cancel !== undefined) return undefined;
  try {
    const opened = await openingAttempt().openJob({ ...step, isImpatient: true });
    return opened.kind === 'waiting' ? undefined : opened;
  } catch (error) {
    if (isFinal(error)) throw error;
    return undefined;
  }
}

function isFinal(error: unknown): boolean {
  const code = toErrorReport(error)?.code;
  return code !== undefined && ERROR_CODES[code].before !== 'retry';
}

function toAcquisition(opened: OpenedJob): Opened | Exclude<Acquisition, { kind: 'acquired' }> {
  switch (opened.kind) {
    case 'open':
      return opened;
    case 'ended':
      return { kind: 'ended_before', result: opened.result };
    case 'unsent':
      return { kind: 'cancelled' };
    case 'waiting':
      throw new TypeError('a step that waits for a place answered that there is none');
  }
}

/** A submission that is still queued when the job is cancelled never starts; one that runs is waited for. */
async function submit(
  record: JobRecord,
  control: JobControl,
  number: number,
): Promise<SubmitOutcome | LostSubmission> {
  const { plan } = record;
  const step = {
    jobId: record.jobId,
    number,
    request: plan.request,
    timeoutMs: plan.timing.submitTimeoutSeconds * 1000,
  };
  try {
    return await untilCancelled(control, () => submitStep(plan, number).submit(step));
  } catch (error) {
    const heartbeat = toLastHeartbeat(error);
    return {
      outcome: 'unknown',
      evidence: { reason: 'the submit step was lost' },
      ...(isAcceptedTask(heartbeat) ? { heartbeat } : {}),
    };
  }
}

function isAcceptedTask(details: unknown): details is AcceptedTask {
  return typeof details === 'object' && details !== null && 'taskId' in details;
}

function failedUnknown(
  record: JobRecord,
  number: number,
  evidence: UnknownEvidence,
  abandonedBy?: string,
): Acquisition {
  record.update({ cost: toCost(record.plan.quote, 'unknown') });
  const { candidates, ...facts } = evidence;
  const givenUp = abandonedBy === undefined ? '' : `; ${abandonedBy} gave it up`;
  const error: ErrorReport = {
    code: 'provider.submit_unknown',
    message: `nobody can tell whether submission ${number} of job ${record.jobId} was accepted: ${evidence.reason}${givenUp}; look for its task at the provider before starting another job`,
    details: {
      ...facts,
      number,
      ...(candidates === undefined ? {} : { candidates: candidates.map(({ taskId }) => taskId) }),
      ...(abandonedBy === undefined ? {} : { abandonedBy }),
    },
  };
  return { kind: 'failed', error, isOpened: true };
}

async function pauseBeforeNext(
  record: JobRecord,
  control: JobControl,
  number: number,
  outcome: Extract<SubmitOutcome, { outcome: 'rejected' }>,
): Promise<void> {
  const delayMs = resubmitDelayMs(number, outcome.retryAfterMs);
  const seconds = Math.ceil(delayMs / 1000);
  record.update(
    {},
    `submission ${number} was not accepted (${outcome.error.code}: ${outcome.error.message}); the next one follows in ${seconds} s`,
  );
  await condition(() => control.cancel !== undefined, delayMs);
}

/** Runs a step that ends early when the job is cancelled. */
async function untilCancelled<T>(control: JobControl, run: () => Promise<T>): Promise<T> {
  if (control.cancel !== undefined) throw new CancelledFailure('cancelled before it was scheduled');
  return await runUntil(control, () => (control.cancel === undefined ? undefined : 0), run);
}
