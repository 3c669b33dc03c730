import type { BatchState } from '../../src/core/batch.ts';
import { toBatchDetails } from '../../src/workflows/batch-details.ts';

const STATE: BatchState = {
  batch: 'nightly',
  status: 'running',
  items: 100,
  waiting: 45,
  inFlight: 10,
  succeeded: 42,
  failed: 3,
  cancelled: 0,
  expired: 0,
  notStarted: 0,
  kept: 15,
  failures: { 'provider.unavailable': 3 },
  window: 10,
  money: [{ currency: 'USD', spent: '4050000', reserved: '100000', unknown: '0' }],
  reason: null,
  startedAt: '2026-06-01T10:00:00.000Z',
  finishedAt: null,
  manifestKey: null,
};
const LATER_MS = Date.parse('2026-06-01T10:05:00.000Z');

describe('what the page of a batch tells', () => {
  it('is what the progress line tells: counts, money, failures, the pace of this run and the time left', () => {
    const lines = toBatchDetails(STATE, LATER_MS).split('\n');

    expect(lines).toEqual(
      expect.arrayContaining([
        '**running** · batch `nightly` · 100 items',
        '| 42 | 3 | 0 | 0 | 0 | 10 of 10 | 45 |',
        '- spent 4.05 USD, reserved 0.10 USD, unknown 0.00 USD',
        '- provider.unavailable: 3',
        '- 6.0 per minute on average, about 10 min left',
        '- 15 keep the end they had before this run',
        '- its jobs: `BatchId = "nightly"`; those that wait for a person: `BatchId = "nightly" AND Hold IS NOT NULL AND ExecutionStatus = "Running"`',
      ]),
    );
  });

  it.each([
    ['nothing has ended yet', { ...STATE, succeeded: 12, waiting: 75 }],
    ['it is over', { ...STATE, finishedAt: '2026-06-01T10:05:00.000Z' }],
  ])('names no pace where %s', (_, state) => {
    expect(toBatchDetails(state, LATER_MS)).not.toContain('per minute');
  });
});
