import type {
  Client,
  ScheduleOptions,
  ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { WORKFLOW_QUEUE } from '../core/keys.ts';

/** Wire format, as the name of the workflow that it starts. */
export const SWEEP_SCHEDULE_ID = 'pollux-sweep';

export interface SweepScheduleOptions {
  /** Between two sweeps, milliseconds. Default: ten minutes. Only for a schedule that is new. */
  readonly everyMs?: number;
}

const DEFAULT_INTERVAL_MS = 10 * 60_000;
const CALL_DEADLINE_MS = 10_000;

type Action = ScheduleOptionsStartWorkflowAction<Workflow>;

const ACTION: Action = {
  type: 'startWorkflow',
  workflowType: 'sweep',
  workflowId: SWEEP_SCHEDULE_ID,
  taskQueue: WORKFLOW_QUEUE,
  args: [],
  workflowRunTimeout: '1 hour',
  // Neither arguments nor a summary: a payload in it would keep workers from starting that lack the key it was made with.
};

/** One that was missed tells nothing that the next one does not. */
const POLICIES: NonNullable<ScheduleOptions<Action>['policies']> = {
  overlap: ScheduleOverlapPolicy.SKIP,
  catchupWindow: '1 minute',
};

/**
 * Makes the schedule that sweeps, or brings an older one to this release. What an operator set stays: its interval, and
 * that it is paused. Run twice, or by two workers at once: one schedule.
 */
export async function ensureSweepSchedule(
  temporal: Client,
  { everyMs = DEFAULT_INTERVAL_MS }: SweepScheduleOptions = {},
): Promise<'created' | 'updated'> {
  return await temporal.withDeadline(Date.now() + CALL_DEADLINE_MS, async () => {
    try {
      await temporal.schedule.create({
        scheduleId: SWEEP_SCHEDULE_ID,
        spec: { intervals: [{ every: everyMs }] },
        action: ACTION,
        policies: POLICIES,
      });
      return 'created';
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
    await temporal.schedule
      .getHandle(SWEEP_SCHEDULE_ID)
      .update(({ spec, state }) => ({ spec, state, action: ACTION, policies: POLICIES }));
    return 'updated';
  });
}
