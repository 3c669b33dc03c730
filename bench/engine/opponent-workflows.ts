import { proxyActivities, sleep } from '@temporalio/workflow';
import type { OpponentActivities } from './opponent-activities.ts';
import { OPPONENT_QUEUES } from './opponent-queues.ts';
import type { JobShape } from './shape.ts';

/**
 * The other sides of the benchmark, as a user of the SDK writes them first. Calls of the provider and transfers are on queues of
 * their own, as ours are: a limit per account can be had no other way.
 */

const startToCloseTimeout = '1 minute';
const { charge } = proxyActivities<OpponentActivities>({ startToCloseTimeout });
const { submit } = proxyActivities<OpponentActivities>({
  startToCloseTimeout,
  taskQueue: OPPONENT_QUEUES.submit,
});
const { poll } = proxyActivities<OpponentActivities>({
  startToCloseTimeout,
  taskQueue: OPPONENT_QUEUES.poll,
});
const { store } = proxyActivities<OpponentActivities>({
  startToCloseTimeout,
  taskQueue: OPPONENT_QUEUES.transfer,
});

/** The floor: the effects alone, in three activities, without waiting for anything. */
export async function floor(jobId: string): Promise<void> {
  const taskId = await submit(jobId);
  await store(taskId);
  await charge(taskId);
}

/** The usual loop: a timer and an activity for every reading. */
export async function timerLoop(jobId: string, { polls, delayMs }: JobShape): Promise<void> {
  const taskId = await submit(jobId);
  for (let reading = 1; ; reading += 1) {
    await sleep(delayMs);
    if (await poll(taskId, reading >= polls)) break;
  }
  await store(taskId);
  await charge(taskId);
}
