import { CancellationScope, CancelledFailure, condition } from '@temporalio/workflow';
import type {
  AcceptedTask,
  OpenedJob,
  SubmitOutcome,
  UnknownEvidence,
} from '../activities/index.ts';
import { toCost } from '../core/billing.ts';
import { ERROR_CODES } from '../core/error-codes.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { JobInput, JobResult } from '../core/job.ts';
import { resubmitDelayMs } from '../core/schedule.ts';
import { toEarlyEnd, toErrorReport, toLastHeartbeat } from '../failures.ts';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { openingSteps, reconcileStep, submitStep } from './steps.ts';

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
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed';
      readonly error: ErrorReport;
      /** False where the ledger holds no row of this job, or holds another job's: nothing may be closed there. */
      readonly isOpened: boolean;
    };

/** Opens the job and submits it, under the next number as often as the earlier ones were proved not accepted. */
export async function acquireTask(
  input: JobInput,
  record: JobRecord,
  control: JobControl,
): Promise<Acquisition> {
  let number = 1;
  let lastReason: string | undefined;
  for (;;) {
    const opened = await open(input, record, control, number, lastReason);
    if (!('plan' in opened)) return opened;
    number = opened.number;
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
    const outcome = sent.outcome === 'unknown' ? await settle(record, control, number, sent) : sent;
    switch (outcome.outcome) {
      case 'accepted': {
        const { taskId, operation, snapshot } = outcome;
        return { kind: 'acquired', task: { taskId, operation, snapshot }, number, armedAtMs };
      }
      case 'cancelled':
        return { kind: 'cancelled' };
      case 'unknown':
        return {
          kind: 'failed',
          error: toUnknownReport(record, number, outcome.evidence),
          isOpened: true,
        };
      case 'rejected':
        if (ERROR_CODES[outcome.error.code].before === 'final') {
          return { kind: 'failed', error: outcome.error, isOpened: true };
        }
        lastReason = outcome.error.message;
        await pauseBeforeNext(record, control, number, outcome);
        number += 1;
    }
    if (control.cancel !== undefined) return { kind: 'cancelled' };
  }
}

type Opened = Extract<OpenedJob, { kind: 'open' }>;

async function open(
  input: JobInput,
  record: JobRecord,
  control: JobControl,
  number: number,
  lastReason: string | undefined,
): Promise<Opened | Exclude<Acquisition, { kind: 'acquired' }>> {
  const { openJob } = openingSteps();
  const step = {
    jobId: record.jobId,
    number,
    input,
    startedAtMs: record.startedAtMs,
    ...(lastReason === undefined ? {} : { lastReason }),
  };
  try {
    const opened = await untilCancelled(control, () => openJob(step));
    return opened.kind === 'ended' ? { kind: 'ended_before', result: opened.result } : opened;
  } catch (error) {
    if (toEarlyEnd(error) === 'woken') return { kind: 'cancelled' };
    const report = toErrorReport(error);
    if (report === undefined) throw error;
    const isOpened = report.code === 'request.gave_up' || record.facts.plan !== null;
    return { kind: 'failed', error: report, isOpened };
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

type UnknownOutcome = Extract<SubmitOutcome, { outcome: 'unknown' }>;
type LostSubmission = UnknownOutcome & { readonly heartbeat?: AcceptedTask };
type SettledOutcome = SubmitOutcome | { readonly outcome: 'cancelled' };

/** Asks whoever may know what became of the submission; where nobody does, the account's policy decides. */
async function settle(
  record: JobRecord,
  control: JobControl,
  number: number,
  lost: LostSubmission,
): Promise<SettledOutcome> {
  const { plan } = record;
  const { heartbeat } = lost;
  const step = { jobId: record.jobId, number, ...(heartbeat === undefined ? {} : { heartbeat }) };
  for (;;) {
    const outcome = await reconcileStep(plan, number).reconcile(step);
    if (outcome.outcome !== 'unknown') {
      record.update({ hold: null, status: 'submitting' });
      return outcome;
    }
    hold(record, number, outcome.evidence);
    if (plan.onUnknown === 'fail') return outcome;
    await condition(() => control.cancel !== undefined || control.isWoken);
    if (control.cancel !== undefined) return { outcome: 'cancelled' };
    control.takeWake();
  }
}

function hold(record: JobRecord, number: number, evidence: UnknownEvidence): void {
  const { quote } = record.plan;
  const held = record.facts.hold;
  const since = held?.since ?? new Date().toISOString();
  record.update(
    {
      status: 'held',
      hold: { reason: 'submit_unknown', number, since, evidence: { ...evidence } },
      cost: toCost(quote, 'unknown'),
    },
    held === null
      ? `nobody can tell whether submission ${number} was accepted: ${evidence.reason}`
      : undefined,
  );
}

function toUnknownReport(
  record: JobRecord,
  number: number,
  evidence: UnknownEvidence,
): ErrorReport {
  return {
    code: 'provider.submit_unknown',
    message: `nobody can tell whether submission ${number} of job ${record.jobId} was accepted: ${evidence.reason}; look for its task at the provider before starting another job`,
    details: { ...evidence, number },
  };
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
  const scope = new CancellationScope();
  const stop = control.onChange(() => {
    if (control.cancel !== undefined) scope.cancel();
  });
  try {
    return await scope.run(run);
  } finally {
    stop();
  }
}
