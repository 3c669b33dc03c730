import type { RunSize } from '../../bench/batch/histories.ts';
import { makeItems } from '../../bench/batch/items.ts';
import { ratesOf } from '../../bench/batch/job-times.ts';
import type { JobTimes, Rates } from '../../bench/batch/job-times.ts';
import { toQuarters } from '../../bench/batch/resident.ts';
import { reportRun } from '../../bench/batch/run-report.ts';
import type { BatchRun } from '../../bench/batch/run-report.ts';
import { keeps } from '../../bench/figures.ts';
import { collectFigures } from './bench-report.ts';

function jobAt(startedSeconds: number, endedSeconds: number): JobTimes {
  return { startedMs: startedSeconds * 1000, endedMs: endedSeconds * 1000 };
}

describe('the rates of jobs', () => {
  it('are starts after the first by the time to the last one, and ends by the time to the last end', () => {
    const turn = [jobAt(14, 15), jobAt(10, 20), jobAt(12, 13)];
    expect(ratesOf([turn])).toEqual({ startsPerSecond: 0.5, endsPerSecond: 0.3 });
  });

  it('of several turns leave out the time between them, and weigh each by what it took', () => {
    const fast = [jobAt(0, 1), jobAt(1, 2)];
    const slow = [jobAt(100, 104), jobAt(103, 108)];
    expect(ratesOf([fast, slow])).toEqual({ startsPerSecond: 0.5, endsPerSecond: 0.4 });
  });

  it('are none of a single job', () => {
    expect(() => ratesOf([[jobAt(0, 1)]])).toThrow(RangeError);
  });
});

describe('what the worker has resident', () => {
  it('is compared by the medians of the first and the last quarter', () => {
    expect(toQuarters([100, 900, 120, 200, 200, 200, 200, 130, 150, 140])).toEqual({
      firstMib: 120,
      lastMib: 140,
    });
  });

  it('is one figure twice where there is one sample', () => {
    expect(toQuarters([7])).toEqual({ firstMib: 7, lastMib: 7 });
  });
});

describe('the items of the batch benchmark', () => {
  it('differ by their id alone, in the order of their number', () => {
    const items = makeItems(12);
    expect(items[11]?.id).toBe('item-000011');
    expect(new Set(items.map(({ id }) => id)).size).toBe(12);
    expect(items[11]?.request).toEqual(items[0]?.request);
  });
});

describe('the report of a batch', () => {
  const size = (events: number, inputBytes: number, children = 8): RunSize => ({
    events,
    bytes: events * 100,
    children,
    inputBytes,
  });
  const rates = (startsPerSecond: number): Rates => ({ startsPerSecond, endsPerSecond: 10 });
  const run: BatchRun = {
    items: 10_000,
    rates: { batch: rates(70), loop: rates(100), callers: rates(300) },
    sizes: {
      runs: [size(500, 90), size(510, 700), size(300, 710, 4)],
      pages: Array.from({ length: 20 }, () => size(2_400, 180)),
    },
    quarters: { firstMib: 400, lastMib: 420 },
  };

  function missedOf(changed: Partial<BatchRun>): readonly string[] {
    const { figures, report } = collectFigures();
    reportRun({ ...run, ...changed }, report);
    return [...figures.values()]
      .filter((figure) => !keeps(figure, figure.bound))
      .map(({ name }) => name);
  }

  it('takes the largest run and page, and what 1000 items cost the parent', () => {
    const { figures, report } = collectFigures();

    reportRun(run, report);

    expect(figures.get('batch.workflow.events')?.value).toBe(510);
    expect(figures.get('batch.workflow.bytes')?.value).toBe(51_000);
    expect(figures.get('batch.workflow.events_per_1000')?.value).toBe(131);
    expect(figures.get('batch.page.events')?.value).toBe(2_400);
    expect(figures.get('batch.workflow.carried_growth')?.value).toBe(10);
  });

  it('has as many runs for 50,000 items as their 200 pages make at the most pages that a run took', () => {
    const { figures, report } = collectFigures();

    reportRun(run, report);

    expect(figures.get('batch.workflow.runs_of_50000')?.value).toBe(25);
  });

  it('says nothing of 50,000 items where no run was full', () => {
    const { figures, report } = collectFigures();

    reportRun({ ...run, sizes: { ...run.sizes, runs: [size(500, 90)] } }, report);

    expect(figures.has('batch.workflow.runs_of_50000')).toBe(false);
  });

  it('misses nothing at the bounds themselves', () => {
    const atBounds = [size(10_240, 90), size(10, 700), size(10, 1_212)];
    expect(missedOf({ sizes: { ...run.sizes, runs: atBounds } })).toEqual([]);
    expect(missedOf({ quarters: { firstMib: 400, lastMib: 440 } })).toEqual([]);
  });

  it.each<[string, Partial<BatchRun>]>([
    ['batch.over_loop', { rates: { ...run.rates, batch: rates(69) } }],
    ['batch.workflow.events', { sizes: { ...run.sizes, runs: [size(10_241, 90)] } }],
    ['batch.page.events', { sizes: { ...run.sizes, pages: [size(10_241, 90)] } }],
    [
      'batch.workflow.bytes',
      { sizes: { ...run.sizes, runs: [{ ...size(1, 90), bytes: 10_485_761 }] } },
    ],
    [
      'batch.workflow.carried_growth',
      { sizes: { ...run.sizes, runs: [size(9, 90), size(9, 700), size(9, 1_213)] } },
    ],
    ['batch.worker.rss_growth', { quarters: { firstMib: 400, lastMib: 441 } }],
  ])('misses %s alone where that is beyond its bound', (name, changed) => {
    expect(missedOf(changed)).toEqual([name]);
  });
});
