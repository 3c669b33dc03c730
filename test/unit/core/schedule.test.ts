import fc from 'fast-check';
import { nextPollDelayMs, resubmitDelayMs } from '../../../src/core/schedule.ts';

const timing = { minPollSeconds: 10, maxPollSeconds: 30 };

const facts = fc.record({
  timing: fc.constant(timing),
  unchangedReadings: fc.integer({ min: 1, max: 10_000 }),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 3_600_000 }), { nil: undefined }),
  remainingMs: fc.integer({ min: -10_000, max: 86_400_000 }),
  jitter: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

describe('the poll schedule', () => {
  it('never reads past the end of the life, and never before the provider allows while there is time', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const delayMs = nextPollDelayMs(given);

        if (delayMs === undefined) return;
        expect(delayMs).toBeGreaterThan(0);
        expect(delayMs).toBeLessThan(given.remainingMs);
        const isShortened = delayMs >= given.remainingMs - 2_001;
        if (!isShortened) expect(delayMs).toBeGreaterThanOrEqual(given.retryAfterMs ?? 9_000);
      }),
    );
  });

  it('stays at its shortest interval first and grows to its longest', () => {
    const at = (unchangedReadings: number): number | undefined =>
      nextPollDelayMs({
        timing,
        unchangedReadings,
        retryAfterMs: undefined,
        remainingMs: 1e9,
        jitter: 0.5,
      });

    expect(at(1)).toBe(10_000);
    expect(at(6)).toBe(10_000);
    expect(at(8)).toBe(15_625);
    expect(at(500)).toBe(30_000);
  });

  it('keeps one reading right before the life ends', () => {
    const delayMs = nextPollDelayMs({
      timing,
      unchangedReadings: 50,
      retryAfterMs: undefined,
      remainingMs: 20_000,
      jitter: 0.5,
    });

    expect(delayMs).toBe(18_000);
  });

  it('has no next reading once the life is over', () => {
    expect(
      nextPollDelayMs({
        timing,
        unchangedReadings: 1,
        retryAfterMs: undefined,
        remainingMs: 0,
        jitter: 0,
      }),
    ).toBeUndefined();
  });
});

describe('the wait before the next submission', () => {
  it('doubles from two seconds to five minutes, or is what the provider asked for', () => {
    expect(resubmitDelayMs(1, undefined)).toBe(2_000);
    expect(resubmitDelayMs(3, undefined)).toBe(8_000);
    expect(resubmitDelayMs(60, undefined)).toBe(300_000);
    expect(resubmitDelayMs(1, 90_000)).toBe(90_000);
  });
});
