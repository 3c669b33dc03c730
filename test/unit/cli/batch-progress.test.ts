import { createBatchProgress, describeBatch } from '../../../src/cli/batch-progress.ts';
import { printBatch, toBatchExitCode } from '../../../src/cli/batch-state.ts';
import type { BatchState } from '../../../src/core/batch.ts';
import { captureTerminal } from './captured-terminal.ts';

const STATE: BatchState = {
  batch: 'nightly',
  status: 'running',
  items: 100,
  waiting: 45,
  inFlight: 10,
  succeeded: 40,
  failed: 3,
  cancelled: 1,
  expired: 1,
  notStarted: 0,
  kept: 0,
  failures: { 'provider.unavailable': 3, 'provider.task_expired': 1 },
  window: 10,
  money: [{ currency: 'USD', spent: '4050000', reserved: '100000', unknown: '0' }],
  reason: null,
  startedAt: '2026-06-01T10:00:00.000Z',
  finishedAt: null,
  manifestKey: null,
};
const ENDED: BatchState = {
  ...STATE,
  ...{ status: 'failed', waiting: 0, inFlight: 0, succeeded: 95 },
  ...{ finishedAt: '2026-06-01T10:02:00.000Z', manifestKey: 'batches/nightly/manifest.jsonl' },
};

describe('the progress of a batch', () => {
  it('is one line with what is done, in flight, waiting, failed, held and spent, the rate and the time left', () => {
    const rate = { perMinute: 30, leftMs: 110_000 };

    expect(describeBatch(STATE, 2, rate)).toBe(
      'running  █████████░░░░░░░░░░░ 45 %  45 of 100 done, 10 in flight, 45 waiting, 4 failed, 2 held  4.05 USD  30/min, 1 min 50 s left',
    );
  });

  it('repaints its line on a terminal, with the rate of the last two minutes', () => {
    let nowMs = 0;
    const terminal = captureTerminal({ isTerminal: true, environment: { NO_COLOR: '1' } });
    const wide = { ...terminal, stderr: { ...terminal.stderr, columns: 200 } };
    const progress = createBatchProgress(wide, () => nowMs);

    progress.show(STATE, 0);
    nowMs = 60_000;
    progress.show({ ...STATE, succeeded: 50, waiting: 35 }, 0);
    progress.note('Temporal answers again');
    progress.close();

    expect(terminal.err()).not.toMatch(/done[^\n]*done[^\r]*\n/);
    expect(terminal.err()).toContain('55 of 100 done');
    expect(terminal.err()).toContain('10/min, 4 min 30 s left');
    expect(terminal.err()).toContain('\r\u001b[2KTemporal answers again\n');
  });

  it('is short on a narrow terminal, which shows money and time left all the same', () => {
    let nowMs = 0;
    const terminal = captureTerminal({ isTerminal: true, environment: { NO_COLOR: '1' } });
    const narrow = { ...terminal, stderr: { ...terminal.stderr, columns: 80 } };
    const progress = createBatchProgress(narrow, () => nowMs);

    progress.show(STATE, 0);
    nowMs = 60_000;
    progress.show({ ...STATE, succeeded: 50, waiting: 35 }, 0);

    expect(terminal.err().split('\r\u001b[2K').at(-1)).toBe(
      'running  55 %  55/100 done, 10 in flight, 4 failed  4.05 USD  4 min 30 s left',
    );
    progress.close();
  });

  it('is a plain line every ten seconds and at its end where nobody looks at it live', () => {
    let nowMs = 0;
    const terminal = captureTerminal();
    const progress = createBatchProgress(terminal, () => nowMs);

    for (; nowMs < 25_000; nowMs += 1_000) progress.show(STATE, 0);
    progress.show(ENDED, 0);
    progress.close();

    const lines = terminal.err().trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toMatch(/^batch nightly: failed/);
  });
});

describe('the end of a batch', () => {
  it('is told with its counts, its money, its failures by code and its manifest', () => {
    const terminal = captureTerminal();

    printBatch(terminal, ENDED);

    expect(terminal.out()).toBe(
      [
        'failed  batch nightly',
        '  items     100: 95 succeeded, 3 failed, 1 expired, 1 cancelled',
        '  money     4.05 USD spent, 0.10 USD reserved',
        '  failures  3 provider.unavailable',
        '  failures  1 provider.task_expired',
        '  time      2 min 0 s',
        '  manifest  batches/nightly/manifest.jsonl (`pollux batch manifest nightly`)',
        '',
      ].join('\n'),
    );
  });

  it('names some of the items that failed, and why the first did', () => {
    const terminal = captureTerminal({ environment: { NO_COLOR: '1' } });

    printBatch(terminal, { ...ENDED, kept: 90 }, [
      {
        ...{ code: 'provider.unavailable', items: 3, message: 'studio answered 503' },
        examples: ['a', 'b'],
      },
      { code: 'provider.task_expired', items: 1, message: 'forgotten', examples: ['c'] },
    ]);

    expect(terminal.out().split('\n')).toEqual(
      expect.arrayContaining([
        '  kept      90 keep the end they had before this run',
        '  failures  3 provider.unavailable: a, b, …',
        '            studio answered 503',
        '  failures  1 provider.task_expired: c',
      ]),
    );
  });

  it.each<[Partial<BatchState>, number]>([
    [{ status: 'succeeded', succeeded: 100 }, 0],
    [{}, 1],
    [{ failures: { 'provider.submit_unknown': 1 } }, 3],
    [{ failures: { 'some.later_code': 1 } }, 1],
    [{ status: 'cancelled' }, 1],
    [{ status: 'running' }, 0],
  ])('%j is the exit code %i', (change, exitCode) => {
    expect(toBatchExitCode({ ...ENDED, ...change })).toBe(exitCode);
  });
});
