import type {
  Client,
  ScheduleOptionsStartWorkflowAction,
  ScheduleSpec,
  ScheduleSummary,
} from '@temporalio/client';
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { calling } from '../client/calling.ts';
import { toBatchMemo } from '../client/batches-memo.ts';
import type { RunBatchInput } from '../core/batch-page.ts';
import { RequestError } from '../core/errors.ts';
import { BATCH_QUEUE, BATCH_TASK_TIMEOUT_MS, toBatchWorkflowId } from '../core/keys.ts';

/** When a manifest is run: by a cron text in UTC, or every so many milliseconds. */
export type Recurrence =
  | { readonly kind: 'cron'; readonly text: string }
  | { readonly kind: 'every'; readonly everyMs: number };

export interface BatchSchedule {
  readonly id: string;
  /** ISO 8601; the next few, soonest first. */
  readonly next: readonly string[];
  readonly isPaused: boolean;
  readonly note: string | null;
}

const PREFIX = toBatchWorkflowId('');
/** A firing that was missed by an outage is made good within this time. */
const CATCH_UP = '1 day';

/**
 * Makes a schedule that starts `runBatch`; each firing is a batch of its own, named for the schedule and its time. A firing
 * while the batch before it still runs is left out. `request.conflict` where there is one of this id, `request.invalid` for a
 * cron text that Temporal refuses.
 */
export async function createBatchSchedule(
  temporal: Client,
  input: RunBatchInput,
  recurrence: Recurrence,
): Promise<void> {
  const action: ScheduleOptionsStartWorkflowAction<Workflow> = {
    type: 'startWorkflow',
    workflowType: 'runBatch',
    // The server adds the time of the firing.
    workflowId: toBatchWorkflowId(input.batch),
    taskQueue: BATCH_QUEUE,
    workflowTaskTimeout: BATCH_TASK_TIMEOUT_MS,
    args: [input],
    memo: toBatchMemo(input),
  };
  try {
    await calling(temporal, () =>
      temporal.schedule.create({
        scheduleId: toBatchWorkflowId(input.batch),
        spec: toSpec(recurrence),
        action,
        policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
        state: { note: `${String(input.manifest.items)} items, ${describeRecurrence(recurrence)}` },
      }),
    );
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) throw isTaken(input.batch);
    if (isRefusedSpec(error)) throw badCron(recurrence, error);
    throw error;
  }
}

export async function* listBatchSchedules(temporal: Client): AsyncGenerator<BatchSchedule> {
  const iterator = temporal.schedule.list()[Symbol.asyncIterator]();
  for (;;) {
    const next = await calling(temporal, () => iterator.next());
    if (next.done === true) return;
    if (next.value.scheduleId.startsWith(PREFIX)) yield toBatchSchedule(next.value);
  }
}

/** What a firing has started goes on. `request.invalid` where there is no such schedule. */
export async function deleteBatchSchedule(temporal: Client, id: string): Promise<void> {
  try {
    await calling(temporal, () => temporal.schedule.getHandle(toBatchWorkflowId(id)).delete());
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new RequestError(
      'request.invalid',
      `schedule (${JSON.stringify(id)}): Temporal knows no such schedule; \`pollux batch schedule list\` shows them`,
      { cause: error },
    );
  }
}

export function describeRecurrence(recurrence: Recurrence): string {
  return recurrence.kind === 'cron'
    ? `at ${recurrence.text} UTC`
    : `every ${toLength(recurrence.everyMs)}`;
}

/** In the largest unit of which it is a whole number. */
function toLength(durationMs: number): string {
  const unit = UNITS.find(({ ms }) => durationMs % ms === 0);
  return unit === undefined
    ? `${String(durationMs / 1000)} s`
    : `${String(durationMs / unit.ms)} ${unit.name}`;
}

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
] as const;

function toSpec(recurrence: Recurrence): ScheduleSpec {
  return recurrence.kind === 'cron'
    ? { cronExpressions: [recurrence.text] }
    : { intervals: [{ every: recurrence.everyMs }] };
}

function toBatchSchedule({ scheduleId, info, state }: ScheduleSummary): BatchSchedule {
  return {
    id: scheduleId.slice(PREFIX.length),
    next: info.nextActionTimes.map((time) => time.toISOString()),
    isPaused: state.paused,
    note: state.note ?? null,
  };
}

function isTaken(id: string): RequestError {
  return new RequestError(
    'request.conflict',
    `schedule ${id} exists already; delete it first with \`pollux batch schedule delete ${id}\`, or choose another --id`,
    { details: { schedule: id } },
  );
}

/** gRPC's INVALID_ARGUMENT, of which the SDK makes a `TypeError` where it is about the spec. */
function isRefusedSpec(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && current.code === 3) return true;
  }
  return false;
}

function badCron(recurrence: Recurrence, cause: unknown): RequestError {
  const text = recurrence.kind === 'cron' ? recurrence.text : describeRecurrence(recurrence);
  return new RequestError(
    'request.invalid',
    `--cron (${JSON.stringify(text)}): Temporal does not take it; it must be five fields such as "0 2 * * *"`,
    { cause },
  );
}
