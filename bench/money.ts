import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Ledger } from '../src/core/ledger.ts';
import type { MoneyDimension } from '../src/core/money-book.ts';
import { createSqlLedger } from '../src/ledger/sql.ts';
import type { Report } from './figures.ts';
import { FigureReport, median } from './figures.ts';
import { measureCharges } from './money/charges.ts';
import { makeLedger } from './money/made-ledger.ts';
import type { MadeLedger } from './money/made-ledger.ts';
import { toCount } from './parse-options.ts';
import type { RegisterBench } from './register-bench.ts';

interface MoneyFlags {
  readonly entries: number;
  readonly charges: number;
  readonly folder: string;
  readonly json?: boolean;
}

const MOST_SUMMARY_SECONDS = 1;
const MOST_CHARGE_MS = 2;
/** The first summary of each kind is not counted: it finds no page of the file in memory. */
const ROUNDS = 4;

/** Every way in which `pollux money summary` groups by one dimension, and none. */
const GROUPINGS: readonly (readonly MoneyDimension[])[] = [
  [],
  ['tenant'],
  ['batch'],
  ['account'],
  ['model'],
  ['day'],
  ['month'],
];

const HELP = `
One SQLite ledger, filled with a year of charged jobs of 1000 tenants. What it says is compared with what was put in.

  money.summary.seconds  the slowest summary by one dimension; median of its runs
  money.charge.median    one charge, committed to disk, in a ledger of that size

Examples:
  $ npm run bench -- money
  $ npm run bench -- money --entries 100000
  $ npm run --silent bench -- money --json > figures.jsonl
`;

export const registerMoney: RegisterBench = (program, exitWith) => {
  program
    .command('money')
    .description('summaries and charges in a large SQLite ledger')
    .option('--entries <number>', 'in the ledger', toCount, 1_000_000)
    .option('--charges <number>', 'measured', toCount, 500)
    .option('--folder <path>', 'where the ledger goes meanwhile', '.pollux')
    .option('--json', 'print JSON lines')
    .action(async (flags: MoneyFlags) => {
      const report = new FigureReport(flags.json === true);
      await measure(flags, report);
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

async function measure(flags: MoneyFlags, report: Report): Promise<void> {
  const parent = resolve(flags.folder);
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'bench-'));
  const ledger = await createSqlLedger({ url: `sqlite:${join(folder, 'ledger.db')}` });
  try {
    const startedMs = performance.now();
    const made = await makeLedger(ledger, flags.entries);
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    report.note(`${2 * made.charges} entries made in ${seconds} s`);
    await measureSummaries(ledger, made, report);
    await measureCharging(ledger, flags.charges, report);
  } finally {
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureSummaries(ledger: Ledger, made: MadeLedger, report: Report): Promise<void> {
  let slowest = 0;
  for (const by of GROUPINGS) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedMs = performance.now();
      const lines = await ledger.summarizeMoney({}, by);
      if (round > 0) times.push((performance.now() - startedMs) / 1_000);
      const charged = lines.reduce((sum, line) => sum + BigInt(line.chargedMicros), 0n);
      if (charged !== made.chargedMicros) {
        throw new Error(`by ${by.join()}: ${charged} micros, but ${made.chargedMicros} were made`);
      }
    }
    report.note(`summary by ${by.join() || 'nothing'}: ${median(times).toFixed(3)} s`);
    slowest = Math.max(slowest, median(times));
  }
  const bound = { kind: 'at most', value: MOST_SUMMARY_SECONDS } as const;
  report.add({ name: 'money.summary.seconds', value: slowest, unit: 's' }, bound);
}

async function measureCharging(ledger: Ledger, count: number, report: Report): Promise<void> {
  const times = await measureCharges(ledger, count);
  const bound = { kind: 'at most', value: MOST_CHARGE_MS } as const;
  report.add({ name: 'money.charge.median', value: median(times), unit: 'ms' }, bound);
}
