import { installVirtualGlobals, realNowMs, restoreGlobals } from './virtual-globals.ts';
import { runWorlds } from './world/many-worlds.ts';

/** `POLLUX_SEED` makes a run again; `POLLUX_MODEL_JOBS` makes it as long as wanted, 100000 for the long one. */
const SEED = Number(process.env['POLLUX_SEED'] ?? Date.now() % 1_000_000);
const JOBS = Number(process.env['POLLUX_MODEL_JOBS'] ?? 5_000);
const LONGEST_MS = 600_000;

beforeAll(() => {
  installVirtualGlobals();
  Error.stackTraceLimit = 0;
});
afterAll(restoreGlobals);

it(
  'jobs keep every invariant through random faults, messages and operators',
  async () => {
    const startedMs = realNowMs();
    const tally = await runWorlds({ seed: SEED, jobs: JOBS });
    const seconds = ((realNowMs() - startedMs) / 1000).toFixed(1);

    process.stdout.write(`model: POLLUX_SEED=${SEED}, ${seconds} s\n${tally.report()}\n`);
    expect(tally.violations.slice(0, 20)).toEqual([]);
    expect(tally.faults.size).toBeGreaterThan(30);
  },
  LONGEST_MS,
);
