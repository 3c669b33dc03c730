import { writeFigures } from '../../installation/figures.ts';
import { installVirtualGlobals, realNowMs, restoreGlobals } from '../virtual-globals.ts';
import { check } from './check.ts';
import { JOBS_PER_WORLD, runWorlds } from './many-worlds.ts';
import { randomWorld } from './random-world.ts';
import { World } from './world.ts';

/**
 * Of both halves of the random run. `POLLUX_SEED` makes a run again, `POLLUX_MODEL_JOBS` makes it as long as wanted,
 * `POLLUX_WORLD` runs the one world that a violation names and prints what happens in it.
 */
const SEED = Number(process.env['POLLUX_SEED'] ?? Date.now() % 1_000_000);
const JOBS = Number(process.env['POLLUX_MODEL_JOBS'] ?? 10_000);
const LONGEST_MS = 600_000;

/** Every way in which a task can be told must have been met, or the run has proved less than it says. */
const SOURCES = ['reply', 'heartbeat', 'spool', 'salvage', 'callback', 'list', 'operator'];

/** Defines the test of one half, so that two processes share the work. */
export function defineRandomRun(half: 1 | 2): void {
  beforeAll(() => {
    installVirtualGlobals();
    Error.stackTraceLimit = 0;
  });
  afterAll(restoreGlobals);

  it(
    `jobs keep every invariant through random faults, messages and operators, half ${half}`,
    async () => {
      const world = process.env['POLLUX_WORLD'];
      if (world !== undefined) {
        await showWorld(Number(world));
        return;
      }
      const startedMs = realNowMs();
      const cpuBefore = process.cpuUsage();
      const tally = await runWorlds({ seed: SEED + half, jobs: JOBS / 2 });
      const seconds = ((realNowMs() - startedMs) / 1000).toFixed(1);
      const cpuSeconds = (process.cpuUsage(cpuBefore).user / 1e6).toFixed(1);

      process.stdout.write(
        `\nmodel, half ${half} of POLLUX_SEED=${SEED}, ${seconds} s, of the processor ${cpuSeconds} s\n${tally.report()}\n`,
      );
      report(half, tally.jobs, tally.violations.length, Number(seconds));
      expect(tally.violations.slice(0, 20)).toEqual([]);
      expect([...tally.sources.keys()]).toEqual(expect.arrayContaining(SOURCES));
    },
    LONGEST_MS,
  );
}

/** For the crash matrix, where it asks for figures. */
function report(half: 1 | 2, jobs: number, violations: number, seconds: number): void {
  const name = `model, half ${half}, seed ${SEED}`;
  writeFigures([
    { name: `${name}: random jobs`, value: jobs, unit: 'jobs' },
    { name: `${name}: violations of I1 to I6`, value: violations, unit: 'violations' },
    { name: `${name}: time`, value: seconds, unit: 's' },
  ]);
}

async function showWorld(seed: number): Promise<void> {
  const world = new World(randomWorld(seed, JOBS_PER_WORLD));
  const startMs = world.time.nowMs;
  const print = (text: string): void => {
    const seconds = ((world.time.nowMs - startMs) / 1000).toFixed(3);
    process.stdout.write(`${seconds} ${text}\n`);
  };
  world.trace = print;
  world.server.trace = print;
  const violations = check(world, await world.run());
  for (const row of world.book.allSubmissions()) process.stdout.write(`${JSON.stringify(row)}\n`);
  expect(violations).toEqual([]);
}
