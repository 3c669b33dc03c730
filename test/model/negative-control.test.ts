import { installVirtualGlobals, restoreGlobals } from './virtual-globals.ts';
import { runWorlds } from './world/many-worlds.ts';
import { live } from './world/stories.ts';
import type { Story } from './world/stories.ts';
import {
  FIRST_CANDIDATE,
  NO_LAST_LOOK,
  RETRIED_SUBMIT,
  UNARMED,
  UNKNOWN_IS_REJECTED,
} from './world/weaknesses.ts';

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

/** Fixed, so that a harness that has gone blind fails every time and not now and then. */
const SEED = 20_260_601;
const JOBS = 20_000;
const LONGEST_MS = 120_000;

describe('the same random run catches a design', () => {
  it.each([
    ['that submits by a retried activity', RETRIED_SUBMIT, 'I1'],
    ['that arms nothing', UNARMED, 'I1'],
    ['that takes unknown for rejected', UNKNOWN_IS_REJECTED, 'I1'],
    ['that adopts the first candidate of a list', FIRST_CANDIDATE, 'I2'],
  ] as const)(
    '%s',
    async (_, weakness, invariant) => {
      const tally = await runWorlds({
        seed: SEED,
        jobs: JOBS,
        weakness,
        isEnough: (sofar) => sofar.count(invariant) > 0,
      });

      process.stdout.write(`caught after ${tally.jobs} jobs: ${tally.violations.join('; ')}\n`);
      expect(tally.count(invariant)).toBeGreaterThan(0);
    },
    LONGEST_MS,
  );

  it(
    'that does not look at the row again before it sends',
    async () => {
      const story: Story = {
        name: 'the list shows every task in time',
        api: 'lists in time',
        timing: { listSettleSeconds: 300 },
      };
      const pause = { forMs: 300_000, stopsClock: true };
      const broken: string[] = [];
      for (let index = 0; index < 20; index += 1) {
        const points = new Map([[index, { kind: 'freeze', when: 'before', pause } as const]]);
        const life = await live(story, { points, hosts: 2, weakness: NO_LAST_LOOK });
        broken.push(...life.broken);
      }

      expect(broken.join('\n')).toMatch(/I1 job job-1: 2 creates were accepted with 0 decisions/);
    },
    LONGEST_MS,
  );
});
