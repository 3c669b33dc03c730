import { setTimeout as delay } from 'node:timers/promises';
import type { ChildCommand } from '../src/cli/child-command.ts';
import { FigureReport } from './figures.ts';
import type { Bound, Report } from './figures.ts';
import { fill } from './inflight/fill.ts';
import { toPlan } from './inflight/plan.ts';
import type { InflightPlan } from './inflight/plan.ts';
import { allReadAtMs, reportRecovery } from './inflight/recovery.ts';
import { openScene } from './inflight/scene.ts';
import type { Scene } from './inflight/scene.ts';
import { unlessInterrupted } from './interruption.ts';
import { MemoryWatch } from './memory.ts';
import { toCount } from './parse-options.ts';
import type { RegisterBench } from './register-bench.ts';

interface InflightFlags {
  readonly jobs: number;
  readonly interval: number;
  readonly folder: string;
  readonly json?: boolean;
}

const MOST_RSS_MIB = 400;
const LOOK_MS = 500;
const NOTE_MS = 15_000;
/** Of intervals, in which every job must have been read. */
const PATIENCE = 4;

const HELP = `
For Linux. Takes about half an hour with the default of 10,000 jobs. One worker process as production starts it, with a
SQLite ledger, a Temporal dev server in memory and the simulator, each in a process of its own. All jobs are started and
wait for their tasks; then the worker is killed and another one is started.

  inflight.filling.rss                most memory of the worker while jobs are started
  inflight.waiting.rss                the same while all wait and are read, one interval long
  inflight.recovered.rss              the same of the second worker
  inflight.recovery.seconds           from its start until every job was read
  inflight.recovery.*_interval        between two readings of one job, across the restart
  inflight.recovery.peak_*            most polls in any second, in any minute, after the restart

Examples:
  $ npm run bench -- inflight
  $ npm run bench -- inflight --jobs 1000 --interval 30
  $ npm run --silent bench -- inflight --json > figures.jsonl
`;

export const registerInflight: RegisterBench = (program, exitWith) => {
  program
    .command('inflight')
    .description('memory and recovery of one worker with many waiting jobs')
    .option('--jobs <number>', 'that wait at once', toCount, 10_000)
    .option('--interval <seconds>', 'between two polls of a job', toCount, 90)
    .option('--folder <path>', 'where ledger and logs go meanwhile', '.pollux')
    .option('--json', 'print JSON lines')
    .action(async (flags: InflightFlags) => {
      const report = new FigureReport(flags.json === true);
      await measure(flags, report);
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

async function measure(flags: InflightFlags, report: Report): Promise<void> {
  if (process.platform !== 'linux') throw new Error('memory is read from /proc: measure on Linux');
  const plan = toPlan(flags.jobs, flags.interval);
  const scene = await openScene(plan, flags.folder);
  try {
    await unlessInterrupted(() => killAndRestart(scene, plan, report));
  } finally {
    await scene.close();
  }
}

async function killAndRestart(scene: Scene, plan: InflightPlan, report: Report): Promise<void> {
  const { provider } = scene;
  const first = await scene.startWorker();
  await watching(first, 'filling', report, undefined, async () => {
    await fill(scene, plan.jobs, report);
    await untilAllRead(scene, plan, 0, report);
  });
  await watching(first, 'waiting', report, MOST_RSS_MIB, async () => {
    await delay(plan.intervalSeconds * 1000);
  });

  const killedAtMs = Date.now();
  await first.kill();
  const startedAtMs = Date.now();
  const second = await scene.startWorker();
  await watching(second, 'recovered', report, MOST_RSS_MIB, async () => {
    await untilAllRead(scene, plan, startedAtMs, report);
  });
  reportRecovery(provider.readings, plan, { killedAtMs, startedAtMs }, report);
}

/** Adds the most memory that a worker has meanwhile. */
async function watching(
  worker: ChildCommand,
  phase: string,
  report: Report,
  most: number | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const watch = new MemoryWatch(worker.pid);
  await work().finally(() => watch.stop());
  const bound: Bound | undefined =
    most === undefined ? undefined : { kind: 'at most', value: most };
  report.note(`${phase}: at most ${watch.peakMib.toFixed(0)} MiB`);
  report.add({ name: `inflight.${phase}.rss`, value: watch.peakMib, unit: 'MiB' }, bound);
}

async function untilAllRead(
  { provider }: Scene,
  plan: InflightPlan,
  sinceMs: number,
  report: Report,
): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE * plan.intervalSeconds * 1000;
  let notedMs = Date.now();
  while (allReadAtMs(provider.readings, plan.jobs, sinceMs) === undefined) {
    if (Date.now() > deadlineMs) throw new Error('not every job is read');
    await delay(LOOK_MS);
    await provider.refresh();
    if (Date.now() - notedMs < NOTE_MS) continue;
    notedMs = Date.now();
    report.note(`${provider.readings.length} polls so far; some jobs were not read yet`);
  }
}
