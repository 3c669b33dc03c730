import { MAX_PAGE_ITEMS } from '../../src/core/batch.ts';
import type { Bound, Report } from '../figures.ts';
import { MIB } from '../sizes.ts';
import type { BatchSizes, RunSize } from './histories.ts';
import type { Rates } from './job-times.ts';
import type { Quarters } from './resident.ts';

export interface BatchRun {
  readonly items: number;
  readonly rates: { readonly batch: Rates; readonly loop: Rates; readonly callers: Rates };
  readonly sizes: BatchSizes;
  readonly quarters: Quarters;
}

const LEAST_OVER_LOOP = 0.7;
/** Where a server warns of a history. */
const MOST_EVENTS = 10_240;
const MOST_BYTES = 10 * MIB;
/** A parent that kept anything of its items would carry at least a byte of each into its next run. */
const MOST_CARRIED_GROWTH_BYTES = 512;
const MOST_RSS_GROWTH = 1.1;
const MANY_ITEMS = 50_000;

/** Adds the figures of a run, with their bounds. */
export function reportRun({ items, rates, sizes, quarters }: BatchRun, report: Report): void {
  reportRates(rates, report);
  reportSizes('workflow', sizes.runs, report);
  reportSizes('page', sizes.pages, report);
  reportParent(sizes, items, report);
  reportMany(sizes, report);
  const add = toAdd(report);
  add('worker.rss_quarter_1', quarters.firstMib, 'MiB');
  add('worker.rss_quarter_4', quarters.lastMib, 'MiB');
  add('worker.rss_growth', quarters.lastMib / quarters.firstMib, '', atMost(MOST_RSS_GROWTH));
}

function reportRates({ batch, loop, callers }: BatchRun['rates'], report: Report): void {
  const add = toAdd(report);
  add('starts_per_second', batch.startsPerSecond, '/s');
  add('loop.starts_per_second', loop.startsPerSecond, '/s');
  add('callers.starts_per_second', callers.startsPerSecond, '/s');
  const ratio = batch.startsPerSecond / loop.startsPerSecond;
  add('over_loop', ratio, '', { kind: 'at least', value: LEAST_OVER_LOOP });
  add('ends_per_second', batch.endsPerSecond, '/s');
  add('loop.ends_per_second', loop.endsPerSecond, '/s');
}

function reportSizes(name: string, sizes: readonly RunSize[], report: Report): void {
  const add = toAdd(report);
  add(`${name}.runs`, sizes.length, '');
  add(`${name}.events`, most(sizes, 'events'), '', atMost(MOST_EVENTS));
  add(`${name}.bytes`, most(sizes, 'bytes'), 'B', atMost(MOST_BYTES));
  for (const [index, { events, bytes, inputBytes }] of sizes.entries()) {
    const input = `started with ${inputBytes} B`;
    report.note(`${name} ${index + 1}: ${events} events, ${bytes} B; ${input}`);
  }
}

/** What all runs of the parent leave together, and whether what they carry grows. */
function reportParent({ runs }: BatchSizes, items: number, report: Report): void {
  const add = toAdd(report);
  const thousands = items / 1000;
  add('workflow.events_per_1000', sum(runs, 'events') / thousands, '');
  add('workflow.bytes_per_1000', sum(runs, 'bytes') / thousands, 'B');
  const [, second, ...later] = runs;
  const last = later.at(-1);
  if (second === undefined || last === undefined) return;
  const growth = last.inputBytes - second.inputBytes;
  add('workflow.carried', last.inputBytes, 'B');
  add('workflow.carried_growth', growth, 'B', atMost(MOST_CARRIED_GROWTH_BYTES));
}

/** A run takes so many pages, whatever the number of items, so that many items make many runs of the same size. */
function reportMany({ runs }: BatchSizes, report: Report): void {
  // Only a run that another follows has taken all its pages.
  if (runs.length < 2) return;
  const manyRuns = Math.ceil(MANY_ITEMS / MAX_PAGE_ITEMS / most(runs, 'children'));
  toAdd(report)('workflow.runs_of_50000', manyRuns, '');
}

type Add = (name: string, value: number, unit: string, bound?: Bound) => void;

function toAdd(report: Report): Add {
  return (name, value, unit, bound) => report.add({ name: `batch.${name}`, value, unit }, bound);
}

function atMost(value: number): Bound {
  return { kind: 'at most', value };
}

function most(sizes: readonly RunSize[], name: keyof RunSize): number {
  return Math.max(...sizes.map((size) => size[name]));
}

function sum(sizes: readonly RunSize[], name: keyof RunSize): number {
  return sizes.reduce((total, size) => total + size[name], 0);
}
