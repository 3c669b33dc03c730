import { CancellationScope, sleep } from '@temporalio/workflow';
import type { AcceptedTask } from '../activities/index.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Artifact } from '../core/job.ts';
import type { Snapshot, TaskOutput } from '../core/provider.ts';
import { toDeadline } from '../core/schedule.ts';
import { toEarlyEnd, toErrorReport } from '../failures.ts';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { followStep, storeStep } from './steps.ts';

export interface StoringTask {
  readonly task: AcceptedTask;
  readonly number: number;
  readonly snapshot: Snapshot;
  /** The URL's life counts from here. Milliseconds since 1970. */
  readonly lastUnfinishedAtMs: number;
}

export interface StoredOutputs {
  readonly artifacts: readonly Artifact[];
  /** Why an output is missing; the first of them where several are. */
  readonly error: ErrorReport | null;
}

/** Codes that a fresh reading of the task may heal: it may bring a new URL. */
const HEALED_BY_READING: ReadonlySet<string> = new Set([
  'provider.output_expired',
  'provider.output_invalid',
]);
const FRESH_READING_MS = 60_000;
/** A result host may lag behind its API: the second try comes after a pause. */
const MIN_PAUSE_MS = 2_000;

/** Stores every output of a succeeded task, side by side; what was stored stays, whatever becomes of the others. */
export async function storeOutputs(
  storing: StoringTask,
  record: JobRecord,
  control: JobControl,
): Promise<StoredOutputs> {
  const { urlLifeSeconds } = record.plan.timing;
  const endsAtMs = (): number =>
    toDeadline(storing.lastUnfinishedAtMs, urlLifeSeconds) + control.extraLifeMs;
  const outputs = await requireOutputs(storing, record);
  record.update(
    { status: 'storing', progress: 100, urlExpiresAt: new Date(endsAtMs()).toISOString() },
    `the task succeeded; ${outputs.length} ${outputs.length === 1 ? 'output is' : 'outputs are'} to be stored`,
  );
  if (outputs.length === 0) return { artifacts: [], error: noOutput(storing.task.taskId) };

  const stored = await Promise.all(
    outputs.map((output, index) => storeOutput(storing, record, control, index, output, endsAtMs)),
  );
  return {
    artifacts: stored.filter((item): item is Artifact => 'sha256' in item),
    error: stored.find((item): item is ErrorReport => 'code' in item) ?? null,
  };
}

function noOutput(taskId: string): ErrorReport {
  return {
    code: 'provider.output_invalid',
    message: `task ${taskId} succeeded without naming an output; ask the provider`,
    details: { found: 'nothing' },
  };
}

async function storeOutput(
  storing: StoringTask,
  record: JobRecord,
  control: JobControl,
  index: number,
  output: TaskOutput,
  endsAtMs: () => number,
): Promise<Artifact | ErrorReport> {
  let current = output;
  let mayReadAgain = true;
  for (;;) {
    const stored = await storeUntilWoken(storing, record, control, index, current, endsAtMs());
    if (stored === 'woken') continue;
    if (!('code' in stored) || !mayReadAgain || !HEALED_BY_READING.has(stored.code)) return stored;
    mayReadAgain = false;
    record.update({}, `output ${index}: ${stored.code}; the task is read once more`);
    current = (await readAgain(storing, record))?.[index] ?? current;
  }
}

async function storeUntilWoken(
  storing: StoringTask,
  record: JobRecord,
  control: JobControl,
  index: number,
  output: TaskOutput,
  endsAtMs: number,
): Promise<Artifact | ErrorReport | 'woken'> {
  const { plan, jobId } = record;
  const scope = new CancellationScope();
  const stop = control.onChange(() => {
    if (control.takeWake()) scope.cancel();
  });
  try {
    return await scope.run(() =>
      storeStep(index, endsAtMs - Date.now()).storeArtifact({
        jobId,
        number: storing.number,
        account: plan.account,
        index,
        output,
        kind: plan.kind,
      }),
    );
  } catch (error) {
    const report = toErrorReport(error);
    switch (toEarlyEnd(error)) {
      case 'woken':
        return 'woken';
      case 'timed_out':
        return outOfTime(index, report);
      case undefined:
        if (report === undefined) throw error;
        return report;
    }
  } finally {
    stop();
  }
}

function outOfTime(index: number, last: ErrorReport | undefined): ErrorReport {
  return {
    code: 'provider.output_expired',
    message: `output ${index} could not be fetched while its URL lived${last === undefined ? '' : `: ${last.message}`}`,
    details: { index, ...(last === undefined ? {} : { lastCode: last.code }) },
  };
}

/** An answer that ends the task without naming an output may be read a moment too early. */
async function requireOutputs(
  storing: StoringTask,
  record: JobRecord,
): Promise<readonly TaskOutput[]> {
  const { outputs = [] } = storing.snapshot;
  if (outputs.length > 0) return outputs;
  record.update({}, 'the task succeeded without naming an output; it is read again');
  return (await readAgain(storing, record)) ?? [];
}

/** The task said `succeeded` before; asking as if it were running makes any answer news. */
async function readAgain(
  storing: StoringTask,
  record: JobRecord,
): Promise<readonly TaskOutput[] | undefined> {
  const { plan, facts, jobId } = record;
  await sleep(Math.max(MIN_PAUSE_MS, plan.timing.minPollSeconds * 1000), {
    summary: 'before the task is read again',
  });
  try {
    const answer = await followStep(plan, {
      lifeMs: FRESH_READING_MS,
      isUrgent: true,
      summary: 'a fresh reading of the outputs',
    }).followTask({
      jobId,
      number: storing.number,
      account: plan.account,
      operation: storing.task.operation,
      known: { status: 'running', trouble: null },
      timing: plan.timing,
      lifeEndsAtMs: Date.now() + FRESH_READING_MS,
      polls: facts.polls,
      notBeforeMs: 0,
      once: true,
    });
    record.update({ polls: Math.max(answer.polls, record.facts.polls) });
    return answer.kind === 'changed' ? answer.snapshot.outputs : undefined;
  } catch (error) {
    if (toEarlyEnd(error) === undefined) throw error;
    return undefined;
  }
}
