import type { SubmitOutcome } from '../../src/activities/index.ts';
import type { RunOptions, World } from './world.ts';
import { resultOf } from './world.ts';

/** A process that stands still in the middle of its submit. */
export interface FrozenSubmit {
  readonly pid: number;
  /** Lets it go on, and waits for what it returns. */
  wake(): Promise<SubmitOutcome>;
}

/** Opens the job and submits it in a process that stops at a moment. */
export async function freezeSubmit(
  world: World,
  moment: string,
  options: RunOptions = {},
): Promise<FrozenSubmit> {
  await world.openJob();
  const frozen = await world.start([['submit', world.steps.submit(1)]], {
    ...options,
    failpoints: [{ activity: 'submit', moment, action: 'stop' }],
  });
  await frozen.stopped();
  return {
    pid: frozen.pid,
    wake: async () => {
      frozen.signal('SIGCONT');
      return resultOf(await frozen.ended, 'submit') as SubmitOutcome;
    },
  };
}
