import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPlan } from '../../bench/inflight/plan.ts';
import { ProviderLog } from '../../bench/inflight/provider-log.ts';
import { firstReadings, gaps, peakCount } from '../../bench/inflight/readings.ts';
import { allReadAtMs, reportRecovery } from '../../bench/inflight/recovery.ts';
import { collectFigures } from './bench-report.ts';

const reading = (taskId: string, atMs: number): { taskId: string; atMs: number } => ({
  taskId,
  atMs,
});

describe('the readings that a provider saw', () => {
  const readings = [
    reading('a', 0),
    reading('b', 900),
    reading('a', 1_000),
    reading('c', 1_100),
    reading('b', 5_000),
  ];

  it('are most dense in the window that holds the most of them, wherever it begins', () => {
    expect(peakCount(readings, 1_000)).toBe(3);
    expect(peakCount(readings, 60_000)).toBe(5);
    expect(peakCount([], 1_000)).toBe(0);
  });

  it('tell when each task was read first after a moment', () => {
    expect([...firstReadings(readings, 950)]).toEqual([
      ['a', 1_000],
      ['c', 1_100],
      ['b', 5_000],
    ]);
  });

  it('tell the shortest and the longest time between two of one task, across the moment', () => {
    expect(gaps(readings, 950)).toEqual({ shortestMs: 1_000, longestMs: 4_100 });
    expect(gaps(readings, 2_000)).toEqual({ shortestMs: 4_100, longestMs: 4_100 });
  });

  it('are complete only when every task was read', () => {
    expect(allReadAtMs(readings, 3, 0)).toBe(1_100);
    expect(allReadAtMs(readings, 3, 950)).toBe(5_000);
    expect(allReadAtMs(readings, 3, 1_050)).toBeUndefined();
  });
});

describe('the recovery of a worker', () => {
  const plan = toPlan(2, 60);
  const restart = { killedAtMs: 100_000, startedAtMs: 101_000 };

  it('is the time until the last job was read, with the gaps of each', () => {
    const { figures, report } = collectFigures();
    const before = [reading('a', 70_000), reading('b', 95_000)];
    const after = [reading('a', 130_000), reading('b', 156_000)];

    reportRecovery([...before, ...after], plan, restart, report);

    expect(figures.get('inflight.recovery.seconds')).toMatchObject({
      value: 55,
      bound: { kind: 'at most', value: 120 },
    });
    expect(figures.get('inflight.recovery.shortest_interval')).toMatchObject({
      value: 60,
      bound: { kind: 'at least', value: 51 },
    });
    expect(figures.get('inflight.recovery.longest_interval')?.value).toBe(61);
    expect(figures.get('inflight.recovery.peak_minute')).toMatchObject({
      value: 2,
      bound: { kind: 'at most', value: plan.pollsPerMinute },
    });
  });

  it('is none while a job was not read', () => {
    const { report } = collectFigures();
    const readings = [reading('a', 130_000)];
    expect(() => reportRecovery(readings, plan, restart, report)).toThrow('not every job');
  });

  it('may use a third more polls than the jobs need', () => {
    expect(toPlan(10_000, 100)).toMatchObject({ pollsPerMinute: 8_000 });
  });
});

describe('the log of the simulator', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pollux-bench-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is read on as it grows, also where a line comes in two parts', async () => {
    const file = join(folder, 'calls.jsonl');
    const at = '2026-11-21T10:00:00.000Z';
    const line = (kind: string, taskId?: string): string =>
      `${JSON.stringify({ seq: 1, at, kind, provider: 'nexusflow', taskId })}\n`;
    const read = line('read', 'task_é');
    writeFileSync(file, line('create', 'task_é') + line('refused') + read.slice(0, 40));
    const log = await ProviderLog.open(file);
    await log.refresh();
    expect([log.tasks, log.readings]).toEqual([1, []]);

    appendFileSync(file, read.slice(40) + line('start', 'task_é'));
    await log.refresh();

    expect(log.readings).toEqual([{ taskId: 'task_é', atMs: Date.parse(at) }]);
    await log.close();
  });
});
