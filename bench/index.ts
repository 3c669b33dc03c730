import { Command, CommanderError } from 'commander';
import { registerBatch } from './batch.ts';
import { registerCallback } from './callback.ts';
import { registerDownload } from './download.ts';
import { registerEngine } from './engine.ts';
import { registerInflight } from './inflight.ts';
import { registerMoney } from './money.ts';
import type { RegisterBench } from './register-bench.ts';
import { registerSchedule } from './schedule.ts';

/** Every benchmark, in the order of `--help`. */
const BENCHES: readonly RegisterBench[] = [
  registerBatch,
  registerCallback,
  registerDownload,
  registerEngine,
  registerInflight,
  registerMoney,
  registerSchedule,
];

const USAGE_EXIT_CODE = 2;
const INTERRUPTED_EXIT_CODE = 130;

const EPILOGUE = `
Where there are two sides, one run measures both, taking turns. It ends with 1 where a figure misses its bound.

Examples:
  $ npm run bench -- download
  $ npm run bench -- download --size 256MiB --repeat 5 --store file
  $ npm run bench -- money
  $ npm run bench -- schedule
  $ npm run --silent bench -- download --json > figures.jsonl
`;

async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('bench')
    .description('what Pollux costs, beside the plain way to do the same')
    .addHelpText('after', EPILOGUE)
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride();
  // Ctrl-C ends the processes that measure: their end, as an error, tidies up here.
  const interruption = { happened: false };
  process.on('SIGINT', () => {
    interruption.happened = true;
  });
  for (const register of BENCHES) register(program, (code) => (exitCode = code));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    console.error(interruption.happened ? 'interrupted' : error);
    return interruption.happened ? INTERRUPTED_EXIT_CODE : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
