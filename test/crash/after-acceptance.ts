import type { AcceptedTask, SubmitOutcome } from '../../src/activities/index.ts';
import type { EntryRecord } from '../../src/core/ledger.ts';
import type { ActivityCall, Failpoint } from './activity-process.ts';
import type { World } from './world.ts';
import { JOB } from './world.ts';

/** A job whose task has been accepted. */
export async function accept(world: World): Promise<AcceptedTask> {
  const outcome = await world.later((worker) => worker.submit(1));
  return outcome as Extract<SubmitOutcome, { outcome: 'accepted' }>;
}

/** Runs an activity in a process that is killed at a moment of it. Throws where it did not come to that. */
export async function killAt(
  world: World,
  call: ActivityCall,
  failpoint: Omit<Failpoint, 'action' | 'activity'>,
): Promise<void> {
  const failpoints = [{ ...failpoint, activity: call[0], action: 'kill' }] as const;
  const { signal, stderr } = await world.run([call], { failpoints });
  if (signal !== 'SIGKILL') throw new Error(`the moment to be killed at never came: ${stderr}`);
}

/** Kinds of the job's entries, in order. */
export async function entryKinds(world: World): Promise<readonly EntryRecord['kind'][]> {
  const entries = await world.look((ledger) => ledger.entries(JOB));
  return entries.map(({ kind }) => kind);
}
