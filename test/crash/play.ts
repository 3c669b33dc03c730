import type { AcceptedTask, SubmitOutcome } from '../../src/activities/index.ts';
import type { Failpoint, ProcessEnd } from './activity-process.ts';
import type { AnotherWorker } from './another-worker.ts';
import type { RunOptions, World } from './world.ts';
import { resultOf } from './world.ts';

export interface Played {
  /** Of the process that a fault befell. */
  readonly first: ProcessEnd;
  /** What the workflow is told about its first submission in the end. */
  readonly outcome: SubmitOutcome;
}

/**
 * Plays the part of Temporal. A job is opened, and submitted once in a process that a fault may befall; if its answer is
 * lost, another worker reconciles. Whatever came of it, that worker then drains the spool and tries to submit the next
 * number, which only a proof that nothing was bought may allow.
 */
export async function play(
  world: World,
  options: RunOptions = {},
  isHeartbeatDelivered = false,
): Promise<Played> {
  const first = await submitOnce(world, options);
  if (first.signal === null && first.exitCode !== 0) throw new Error(first.stderr);
  const isAnswered = first.activities.length > 0;
  const outcome = await world.later(async (worker) => {
    const heartbeat = isHeartbeatDelivered ? await lastHeartbeat(world) : undefined;
    const told = isAnswered
      ? (resultOf(first, 'submit') as SubmitOutcome)
      : await worker.reconcile(1, heartbeat);
    await goOn(worker);
    return told;
  });
  return { first, outcome };
}

/** Plays with a fault that kills the process. Throws where it did not come to that. */
export async function playKilled(
  world: World,
  failpoints: readonly Failpoint[],
  isHeartbeatDelivered = false,
): Promise<SubmitOutcome> {
  const { first, outcome } = await play(world, { failpoints }, isHeartbeatDelivered);
  if (first.signal === 'SIGKILL') return outcome;
  throw new Error(`the moment to be killed at never came: ${first.stderr}`);
}

/** Opens the job here, and submits it in a process of its own. */
export async function submitOnce(world: World, options: RunOptions = {}): Promise<ProcessEnd> {
  await world.openJob();
  return await world.run([['submit', world.steps.submit(1)]], options);
}

/** Does what a worker does anyway, and what a workflow must not do unless nothing was bought. */
export async function goOn(worker: AnotherWorker): Promise<void> {
  await worker.drainSpool();
  await worker.submit(2);
}

async function lastHeartbeat(world: World): Promise<AcceptedTask | undefined> {
  return (await world.heartbeats()).at(-1) as AcceptedTask | undefined;
}
