import { describeEvents, readEvents } from './engine/events.ts';
import { runJobs } from './engine/run-jobs.ts';
import type { Run } from './engine/run-jobs.ts';
import { openScene } from './engine/scene.ts';
import type { Scene } from './engine/scene.ts';
import type { JobShape } from './engine/shape.ts';
import { SIDE_NAMES } from './engine/sides.ts';
import type { SideName } from './engine/sides.ts';
import { orderOfTurn, reportTurns } from './engine/turns.ts';
import type { Turn } from './engine/turns.ts';
import { FigureReport } from './figures.ts';
import type { Report } from './figures.ts';
import { unlessInterrupted } from './interruption.ts';
import { toCount } from './parse-options.ts';
import type { RegisterBench } from './register-bench.ts';

interface EngineFlags {
  readonly jobs: number;
  readonly polls: number;
  readonly delay: number;
  readonly repeat: number;
  readonly folder: string;
  readonly cpuProf?: string;
  readonly json?: boolean;
}

/** So many readings must write no more history than {@link EngineFlags.polls}. */
const MANY_POLLS = 500;
const SHORT_DELAY_MS = 5;
const WARM_UP_JOBS = 30;

const HELP = `
For Linux. One Temporal dev server in memory, whose timers fire to the millisecond, serves all sides; each side's
effects answer at once, so that what is measured is the engine. A load on this server measures SQLite, too.

  ours   the workflow that production runs: opened, submitted, followed, booked, stored, described, closed
  loop   the usual way: submit; so many times a timer and an activity; store; charge; on as many queues as ours
  floor  submit, store, charge, and no polls at all

  engine.<side>.jobs_per_second  from the first start to the last end of jobs that are started at once; median
  engine.ours_over_<side>        the same as a ratio; median of the turns
  engine.<side>.worker_cpu       CPU of the worker process for each job; median
  engine.<side>.server_cpu       CPU of the server for each job; median
  engine.<side>.events           history events of one job
  engine.ours.events_growth      how many more they are with ${MANY_POLLS} polls

Examples:
  $ npm run bench -- engine
  $ npm run bench -- engine --jobs 100 --repeat 1
  $ npm run bench -- engine --cpu-prof profiles
  $ npm run --silent bench -- engine --json > figures.jsonl
`;

export const registerEngine: RegisterBench = (program, exitWith) => {
  program
    .command('engine')
    .description('jobs per second of the workflow, beside a loop of timers and the bare effects')
    .option('--jobs <number>', 'at once', toCount, 300)
    .option('--polls <number>', 'of each job', toCount, 10)
    .option('--delay <ms>', 'before each poll', toCount, 500)
    .option('--repeat <number>', 'so many turns', toCount, 3)
    .option('--folder <path>', 'where logs go meanwhile', '.pollux')
    .option('--cpu-prof <folder>', 'write CPU profiles of the workers')
    .option('--json', 'print JSON lines')
    .action(async (flags: EngineFlags) => {
      const report = new FigureReport(flags.json === true);
      await measure(flags, report);
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

async function measure(flags: EngineFlags, report: Report): Promise<void> {
  if (process.platform !== 'linux') throw new Error('CPU is read from /proc: measure on Linux');
  const scene = await openScene(flags);
  try {
    await unlessInterrupted(() => measureSides(scene, flags, report));
  } finally {
    await scene.close();
  }
}

async function measureSides(scene: Scene, flags: EngineFlags, report: Report): Promise<void> {
  const { jobs, polls, repeat } = flags;
  const shape = { polls, delayMs: flags.delay };
  for (const side of SIDE_NAMES) await runJobs(scene, side, WARM_UP_JOBS, shape);
  const turns: Turn[] = [];
  for (let turn = 0; turn < repeat; turn += 1) {
    const runs = new Map<SideName, Run>();
    for (const side of orderOfTurn(turn)) {
      const run = await runJobs(scene, side, jobs, shape);
      runs.set(side, run);
      report.note(`turn ${turn + 1}/${repeat}: ${side} ${describeRun(run)}`);
    }
    turns.push(Object.fromEntries(runs) as Turn);
  }
  reportTurns(turns, report);
  await measureEvents(scene, shape, report);
}

/** Readings that change nothing must leave no trace in the history. */
async function measureEvents(scene: Scene, shape: JobShape, report: Report): Promise<void> {
  const counts = new Map<SideName, number>();
  for (const side of SIDE_NAMES) {
    const events = await readEvents(scene, side, shape);
    counts.set(side, events.length);
    report.add({ name: `engine.${side}.events`, value: events.length, unit: '' });
    report.note(`${side}: ${describeEvents(events)}`);
  }
  const many = { polls: MANY_POLLS, delayMs: SHORT_DELAY_MS };
  const growth = (await readEvents(scene, 'ours', many)).length - (counts.get('ours') ?? 0);
  const bound = { kind: 'at most', value: 0 } as const;
  report.add({ name: 'engine.ours.events_growth', value: growth, unit: '' }, bound);
}

function describeRun({ jobsPerSecond, workerCpuMs, serverCpuMs }: Run): string {
  const cpu = `CPU per job ${workerCpuMs.toFixed(1)} ms worker, ${serverCpuMs.toFixed(1)} ms server`;
  return `${jobsPerSecond.toFixed(1)} jobs/s, ${cpu}`;
}
