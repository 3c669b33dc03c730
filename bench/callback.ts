import type { LoadProcess } from './callback/throughput.ts';
import { measureThroughput, startLoad } from './callback/throughput.ts';
import { measureSignals, measureWakes } from './callback/wake.ts';
import { openWakeScene } from './callback/wake-scene.ts';
import { FigureReport } from './figures.ts';
import type { Report } from './figures.ts';
import { unlessInterrupted } from './interruption.ts';
import { toCount } from './parse-options.ts';
import type { RegisterBench } from './register-bench.ts';

interface CallbackFlags {
  readonly seconds: number;
  readonly repeat: number;
  readonly jobs: number;
  readonly folder: string;
  readonly json?: boolean;
}

const HELP = `
The receiver, a process of its own, takes callbacks from another one as fast as it answers them; so does, in turns, a route of the
same HTTP server that answers 202 and does nothing else. Signals are accepted at once here.

  callback.<kind>.per_second  forged: wrong token; duplicate: one callback, repeated; fresh: each of another submission
  callback.<kind>.p99         of the answers, at that load
  callback.<kind>.ratio       receiver over bare route; median of the pairs

Then a Temporal dev server in memory, \`pollux webhooks\`, a worker and a simulated gateway, whose tasks end when they are told to:

  callback.signal.per_second  fresh callbacks that are signalled to open workflows
  callback.wake.reading.*     from the end of a task to its reading; nothing but the callback tells of the end
  callback.wake.done.*        from the end of a task to the job's end, its file stored

Examples:
  $ npm run bench -- callback
  $ npm run bench -- callback --seconds 1 --repeat 1 --jobs 10
  $ npm run --silent bench -- callback --json > figures.jsonl
`;

export const registerCallback: RegisterBench = (program, exitWith) => {
  program
    .command('callback')
    .description('the receiver of callbacks: requests per second, and from a callback to a reading')
    .option('--seconds <number>', 'of each load', toCount, 3)
    .option('--repeat <number>', 'so many pairs', toCount, 3)
    .option('--jobs <number>', 'that are woken', toCount, 50)
    .option('--folder <path>', 'where logs go meanwhile', '.pollux')
    .option('--json', 'print JSON lines')
    .action(async (flags: CallbackFlags) => {
      const report = new FigureReport(flags.json === true);
      await measure(flags, report);
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

async function measure(flags: CallbackFlags, report: Report): Promise<void> {
  const load = await startLoad();
  try {
    await measureThroughput(load, flags, report);
    await measureWaking(load, flags, report);
  } finally {
    await load.stop();
  }
}

async function measureWaking(
  load: LoadProcess,
  { folder, jobs }: CallbackFlags,
  report: Report,
): Promise<void> {
  const scene = await openWakeScene(folder);
  try {
    await unlessInterrupted(async () => {
      await measureSignals(scene, load, report);
      await measureWakes(scene, jobs, report);
    });
  } finally {
    await scene.close();
  }
}
