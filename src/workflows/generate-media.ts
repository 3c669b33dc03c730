import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
} from '@temporalio/workflow';
import { toCost } from '../core/billing.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Artifact, Cost, EndStatus, JobInput, JobResult } from '../core/job.ts';
import { isTerminal } from '../core/provider.ts';
import type { Snapshot } from '../core/provider.ts';
import { toErrorReport, toFailure, toJobFailure } from '../failures.ts';
import { acquireTask } from './acquire-task.ts';
import type { Acquisition } from './acquire-task.ts';
import { followToEnd } from './follow-to-end.ts';
import { registerHandlers } from './handlers.ts';
import { JobControl } from './job-control.ts';
import { JobRecord } from './job-record.ts';
import { ledgerSteps, provenanceStep } from './steps.ts';
import { storeOutputs } from './store-outputs.ts';

/**
 * One job, from its request to its verified files and its exact cost.
 *
 * Completes with a {@link JobResult} where it succeeded or was cancelled; fails with the error's code as failure type and
 * the result as second detail where it failed or expired; ends Canceled where Temporal's own cancellation stopped it.
 * Never submits twice unless the earlier submission was proved not accepted.
 */
export async function generateMedia(input: JobInput): Promise<JobResult> {
  const record = openRecord();
  const control = new JobControl();
  registerHandlers(record, control);

  const result = await CancellationScope.nonCancellable(async () => {
    const ended = await runJob(input, record, control).catch((error: unknown) =>
      endOnConflict(record, error),
    );
    await condition(allHandlersFinished);
    return ended;
  });
  return conclude(result, control);
}

/** A step met a fact that contradicts the job; its row in the ledger stays open for whoever looks into it. */
function endOnConflict(record: JobRecord, error: unknown): JobResult {
  const report = toErrorReport(error);
  if (report === undefined) throw error;
  return record.end('failed', report);
}

/** An id that no job can have is the caller's mistake, not a defect that is retried for ever. */
function openRecord(): JobRecord {
  try {
    return new JobRecord();
  } catch (error) {
    throw toFailure(error, 'before');
  }
}

function conclude(result: JobResult, control: JobControl): JobResult {
  if (result.error !== null && (result.status === 'failed' || result.status === 'expired')) {
    throw toJobFailure(result.error, result);
  }
  if (result.status === 'cancelled' && control.cancel?.byTemporal === true) {
    throw new CancelledFailure(`job ${result.jobId} was cancelled`);
  }
  return result;
}

type AcquiredTask = Extract<Acquisition, { kind: 'acquired' }>;

async function runJob(input: JobInput, record: JobRecord, control: JobControl): Promise<JobResult> {
  for (let from = 1; ;) {
    const acquisition = await acquireTask(input, record, control, from);
    if (acquisition.kind !== 'acquired') return await endUnacquired(acquisition, record);
    const isAdopted = input.adoptTaskId !== undefined;
    const result = await runTask(acquisition, isAdopted, record, control);
    if (result !== 'taken') return result;
    from = acquisition.number;
  }
}

async function endUnacquired(
  acquisition: Exclude<Acquisition, { kind: 'acquired' }>,
  record: JobRecord,
): Promise<JobResult> {
  switch (acquisition.kind) {
    case 'ended_before':
      record.adoptResult(acquisition.result);
      return acquisition.result;
    case 'cancelled':
      return await endWithoutTask(record, 'cancelled', null);
    case 'failed':
      if (!acquisition.isOpened) return record.end('failed', acquisition.error);
      return await endWithoutTask(record, 'failed', acquisition.error);
  }
}

/** No task exists, or none that anybody can name; the ledger keeps money whose fate is open as `unknown`. */
async function endWithoutTask(
  record: JobRecord,
  status: EndStatus,
  error: ErrorReport | null,
): Promise<JobResult> {
  const { plan, cost } = record.facts;
  const isMoneyOpen = cost?.state === 'unknown';
  if (!isMoneyOpen) record.update({ cost: toCost(plan?.quote ?? null, 'released') });
  return await close(record, status, error);
}

/** Follows, books and stores a task. `taken`: another submission's reply has claimed it meanwhile. */
async function runTask(
  acquired: AcquiredTask,
  isAdopted: boolean,
  record: JobRecord,
  control: JobControl,
): Promise<JobResult | 'taken'> {
  const { task, number, armedAtMs } = acquired;
  const { quote, reading } = record.plan;
  record.update({ taskId: task.taskId, cost: toCost(quote, 'reserved') });

  const wasRunning = !isTerminal(task.snapshot.status);
  const end = await followToEnd({ task, number, armedAtMs }, record, control);

  const { recordCost } = ledgerSteps();
  const booked = await recordCost({
    jobId: record.jobId,
    number,
    task,
    quote,
    ...(end.snapshot === undefined ? {} : { end: end.snapshot }),
    ...(wasRunning && !isAdopted
      ? {
          took: {
            variant: reading.variant,
            armedAtMs,
            unfinishedAtMs: end.lastUnfinishedAtMs,
            finishedAtMs: Date.now(),
          },
        }
      : {}),
  });
  if (booked.kind === 'taken') {
    const note = `the task was inferred, and ${booked.reason}; the job's own is looked for again`;
    record.update({ taskId: null, taskExpiresAt: null, progress: null }, note);
    return 'taken';
  }
  record.update({ cost: booked.cost, taskExpiresAt: null });

  if (end.snapshot?.status !== 'succeeded') {
    const { status, error } = judgeEnd(task.taskId, end.snapshot);
    return await close(record, status, error);
  }
  const { snapshot, lastUnfinishedAtMs } = end;
  const { artifacts, error, isDescribed } = await storeOutputs(
    { task, number, armedAtMs, snapshot, lastUnfinishedAtMs },
    record,
    control,
  );
  record.update({ artifacts });
  // Only all files together show what is billed: without one of them the upper bound stands.
  if (error === null) record.update({ cost: await adjust(record, number, artifacts) });
  if (artifacts.length > 0 && !isDescribed) await describe(record, acquired);
  return await close(record, judgeStored(error, artifacts.length), error);
}

/** Where only the files tell what is billed, the estimate gives way to what they show. */
async function adjust(
  record: JobRecord,
  number: number,
  artifacts: readonly Artifact[],
): Promise<Cost | null> {
  const { cost } = record.facts;
  const { account, request } = record.plan;
  const outputSeconds = artifacts.reduce(
    (sum, { durationSeconds }) => sum + (durationSeconds ?? 0),
    0,
  );
  if (cost?.state !== 'estimated' || outputSeconds === 0) return cost;
  const { adjustCost } = ledgerSteps();
  return await adjustCost({ jobId: record.jobId, number, account, request, outputSeconds });
}

/** The files stand for themselves: a store that does not take the description ends nothing. */
async function describe(
  record: JobRecord,
  { task, number, armedAtMs }: AcquiredTask,
): Promise<void> {
  const { artifacts, cost } = record.facts;
  const { taskId } = task;
  const step = { jobId: record.jobId, number, taskId, armedAtMs, artifacts, cost };
  try {
    await provenanceStep().writeProvenance(step);
  } catch (error) {
    const why = toErrorReport(error)?.message ?? 'the store did not take it in time';
    record.update({}, `job.json was not written: ${why}`);
  }
}

/** A job that keeps a part of its outputs has failed, whatever became of the rest. */
function judgeStored(error: ErrorReport | null, stored: number): EndStatus {
  if (error === null) return 'succeeded';
  return error.code === 'provider.output_expired' && stored === 0 ? 'expired' : 'failed';
}

function judgeEnd(
  taskId: string,
  snapshot: Snapshot | undefined,
): { readonly status: EndStatus; readonly error: ErrorReport | null } {
  if (snapshot?.status === 'cancelled') return { status: 'cancelled', error: null };
  if (snapshot?.status === 'failed') {
    return { status: 'failed', error: snapshot.error ?? failedWithoutReason(taskId) };
  }
  return { status: 'expired', error: snapshot?.error ?? expired(taskId) };
}

function failedWithoutReason(taskId: string): ErrorReport {
  return {
    code: 'provider.generation_failed',
    message: `task ${taskId} failed and the provider gave no reason`,
    details: { taskId },
  };
}

function expired(taskId: string): ErrorReport {
  return {
    code: 'provider.task_expired',
    message: `the life of task ${taskId} ended before it was seen to finish; what it cost is unknown, ask the provider`,
    details: { taskId },
  };
}

/** What the ledger wrote first is the job's end, also for a run that comes to another one. */
async function close(
  record: JobRecord,
  status: EndStatus,
  error: ErrorReport | null,
): Promise<JobResult> {
  const { closeJob } = ledgerSteps();
  return await closeJob({ result: record.end(status, error) });
}
