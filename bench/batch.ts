import type { BatchItem } from '../src/core/batch.ts';
import { toBatchWorkflowId } from '../src/core/keys.ts';
import type { runBatch as runBatchWorkflow } from '../src/workflows/run-batch.ts';
import { readSizes } from './batch/histories.ts';
import { makeItems } from './batch/items.ts';
import { ratesOf, readTimes, untilAllEnded } from './batch/job-times.ts';
import type { JobTimes } from './batch/job-times.ts';
import { startAll } from './batch/loop.ts';
import { watchResident } from './batch/resident.ts';
import { reportRun } from './batch/run-report.ts';
import { openScene } from './batch/scene.ts';
import type { Scene } from './batch/scene.ts';
import { FigureReport } from './figures.ts';
import type { Bound, Report } from './figures.ts';
import { unlessInterrupted } from './interruption.ts';
import { toCount } from './parse-options.ts';
import type { RegisterBench } from './register-bench.ts';

interface BatchFlags {
  readonly items: number;
  readonly window: number;
  readonly folder: string;
  readonly json?: boolean;
}

const CALLERS = 10;
const WARM_UP_ITEMS = 100;
/** Of the items: what several callers start, for comparison. */
const CALLERS_SHARE = 0.1;
const FEWEST_ITEMS = 100;

const HELP = `
For Linux. One Temporal dev server in memory and one worker process serve both sides. A job is the workflow that
production runs, with effects that answer at once; the batch reads its items and writes its results for real. The loop
starts half its jobs before the batch and half after it, and each turn begins when all jobs before it have ended.

  batch.starts_per_second          from the first start to the last one, by the server's times
  batch.loop.starts_per_second     the same of client.workflow.start, awaited one after the other
  batch.callers.starts_per_second  the same with ${CALLERS} callers, for a tenth of the items
  batch.over_loop                  the batch beside the loop, as a ratio
  batch.ends_per_second            from the first start to the last end
  batch.workflow.*                 the most events and bytes of any run of the batch's workflow; all for 1000 items;
                                   what a run hands to the next one; how many runs 50,000 items make
  batch.page.*                     the most events and bytes of any page
  batch.worker.rss_*               memory of the worker in the first and last quarter of the batch; medians

Examples:
  $ npm run bench -- batch
  $ npm run bench -- batch --items 500
  $ npm run --silent bench -- batch --json > figures.jsonl
`;

export const registerBatch: RegisterBench = (program, exitWith) => {
  program
    .command('batch')
    .description(
      'items started per second by a batch, beside a bare loop, and what its histories hold',
    )
    .option('--items <number>', 'of each side', toCount, 10_000)
    .option('--window <number>', 'jobs in flight of the batch', toCount, 5_000)
    .option('--folder <path>', 'where ledger, items and logs go meanwhile', '.pollux')
    .option('--json', 'print JSON lines')
    .action(async (flags: BatchFlags) => {
      const report = new FigureReport(flags.json === true);
      await measure(flags, report);
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

async function measure(flags: BatchFlags, report: Report): Promise<void> {
  if (process.platform !== 'linux') throw new Error('memory is read from /proc: measure on Linux');
  if (flags.items < FEWEST_ITEMS) throw new Error(`--items must be ${FEWEST_ITEMS} at least`);
  const scene = await openScene(flags.folder);
  try {
    await unlessInterrupted(() => measureSides(scene, flags, report));
  } finally {
    await scene.close();
  }
}

async function measureSides(scene: Scene, flags: BatchFlags, report: Report): Promise<void> {
  const items = makeItems(flags.items);
  const half = Math.ceil(items.length / 2);
  await runLoop(scene, 'warm-up-loop', items.slice(0, WARM_UP_ITEMS), 1, report);
  await runBatch(scene, 'warm-up-batch', items.slice(0, WARM_UP_ITEMS), flags.window, report);

  const before = await runLoop(scene, 'loop-before', items.slice(0, half), 1, report);
  const { result: batch, quarters } = await watchResident(scene.workerPid, () =>
    runBatch(scene, 'batch', items, flags.window, report),
  );
  const after = await runLoop(scene, 'loop-after', items.slice(half), 1, report);
  const few = items.slice(0, Math.ceil(items.length * CALLERS_SHARE));
  const callers = await runLoop(scene, 'callers', few, CALLERS, report);
  const sizes = await readSizes(scene.temporal, 'batch');
  reportRun(
    {
      items: items.length,
      rates: {
        batch: ratesOf([batch]),
        loop: ratesOf([before, after]),
        callers: ratesOf([callers]),
      },
      sizes,
      quarters,
    },
    report,
  );
}

async function runLoop(
  scene: Scene,
  name: string,
  items: readonly BatchItem[],
  callers: number,
  report: Report,
): Promise<readonly JobTimes[]> {
  await startAll(scene, name, items, callers);
  return await conclude(scene, name, items.length, report);
}

async function runBatch(
  scene: Scene,
  name: string,
  items: readonly BatchItem[],
  window: number,
  report: Report,
): Promise<readonly JobTimes[]> {
  await scene.client.batches.start(items, { id: name, window });
  const times = await conclude(scene, name, items.length, report);
  // Its histories are complete only then.
  const ended = scene.temporal.workflow.getHandle<typeof runBatchWorkflow>(toBatchWorkflowId(name));
  await ended.result();
  return times;
}

async function conclude(
  scene: Scene,
  name: string,
  jobs: number,
  report: Report,
): Promise<readonly JobTimes[]> {
  const failed = await untilAllEnded(scene, name, jobs, report);
  const none: Bound = { kind: 'at most', value: 0 };
  // A job that met a deadline made the others look slow or fast: such a run is not to be believed.
  if (failed > 0) report.add({ name: `batch.${name}.failed`, value: failed, unit: '' }, none);
  const times = await readTimes(scene, name);
  const { startsPerSecond, endsPerSecond } = ratesOf([times]);
  report.note(
    `${name}: ${startsPerSecond.toFixed(1)} starts/s, ${endsPerSecond.toFixed(1)} ends/s`,
  );
  return times;
}
