import type { Timing } from '../../src/core/account.ts';
import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import { CALM } from './world/faults.ts';
import type { Faults } from './world/faults.ts';
import { playInSmallWorld } from './world/small-world.ts';
import type { World } from './world/world.ts';

// The end of a task's life falls somewhere between two readings of the schedule.

const JOB = 'job-1';
const FLOOD = 2_000;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

/** Time passes with every step of a flood, so that the world comes to an end all the same. */
function createFloodGate(): Faults {
  let steps = 0;
  return {
    ...CALM,
    next: () => {
      steps += 1;
      return steps > FLOOD ? { kind: 'delay', when: 'before', forMs: 60_000 } : undefined;
    },
  };
}

function playStuckTask(timing: Partial<Timing>): Promise<World> {
  return playInSmallWorld({
    jobs: [{ jobId: JOB, input: { request: { model: 'main/video' } }, startAfterMs: 10 }],
    faults: createFloodGate,
    timing,
    script: () => ({
      runsForMs: 86_400_000,
      end: 'succeeded',
      outputs: 1,
      seconds: 4,
      listLagMs: 0,
      readLagMs: 0,
    }),
  });
}

it.each([
  { taskLifeSeconds: 60, minPollSeconds: 5, maxPollSeconds: 60 },
  { taskLifeSeconds: 60, minPollSeconds: 2, maxPollSeconds: 2 },
  { taskLifeSeconds: 61, minPollSeconds: 7, maxPollSeconds: 30 },
  { taskLifeSeconds: 30, minPollSeconds: 10, maxPollSeconds: 10 },
  { taskLifeSeconds: 10, minPollSeconds: 60, maxPollSeconds: 60 },
])(
  '[I3 I9] a task that never ends is read to the end of its life, and once more: %j',
  async (timing) => {
    const world = await playStuckTask(timing);

    expect(world.resultOf(JOB)).toMatchObject({
      status: 'expired',
      error: { code: 'provider.task_expired' },
      cost: { state: 'unknown' },
    });
    const readings = world.effects.filter((effect) => effect === 'provider.read');
    const most = timing.taskLifeSeconds / timing.minPollSeconds + 3;
    expect(readings.length).toBeGreaterThanOrEqual(1);
    expect(readings.length).toBeLessThanOrEqual(most);
    expect(world.effects.length).toBeLessThan(FLOOD / 10);
  },
);
