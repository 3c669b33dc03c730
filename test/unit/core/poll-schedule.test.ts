import fc from 'fast-check';
import type { DurationProfile } from '../../../src/core/duration-profile.ts';
import { learnDurations } from '../../../src/core/duration-profile.ts';
import type { PollBounds, PollDelayFacts } from '../../../src/core/poll-schedule.ts';
import { firstPollDelayMs, nextPollDelayMs } from '../../../src/core/poll-schedule.ts';

const BOUNDS: PollBounds = {
  firstPollSeconds: 15,
  minPollSeconds: 10,
  maxPollSeconds: 15,
  isMaxFixed: false,
  hasCallbacks: false,
};

/** Between 100 and 139 s, each seen by readings 10 s apart. */
const PROFILE = learn(Array.from({ length: 40 }, (_, index) => 100 + index));

const FACTS: PollDelayFacts = {
  bounds: BOUNDS,
  profile: undefined,
  ageMs: 60_000,
  unchangedReadings: 4,
  troubledReadings: 0,
  retryAfterMs: undefined,
  queueLagMs: 0,
  isAnnounced: false,
  remainingMs: 86_000_000,
  jitter: 0.5,
};

function learn(durations: readonly number[]): DurationProfile {
  const profile = learnDurations(
    durations.map((seconds) => ({
      unfinishedSeconds: 10 * Math.floor(seconds / 10),
      finishedSeconds: 10 * Math.floor(seconds / 10) + 10,
    })),
  );
  if (profile === undefined) throw new Error('there are too few durations');
  return profile;
}

function delayMs(facts: Partial<PollDelayFacts>): number {
  return nextPollDelayMs({ ...FACTS, ...facts }) ?? NaN;
}

const anyBounds: fc.Arbitrary<PollBounds> = fc
  .record({
    firstPollSeconds: fc.integer({ min: 0, max: 120 }),
    minPollSeconds: fc.integer({ min: 1, max: 30 }),
    extraSeconds: fc.integer({ min: 0, max: 60 }),
    isMaxFixed: fc.boolean(),
    hasCallbacks: fc.boolean(),
  })
  .map(({ extraSeconds, ...bounds }) => ({
    ...bounds,
    maxPollSeconds: bounds.minPollSeconds + extraSeconds,
  }));

const anyProfile: fc.Arbitrary<DurationProfile | undefined> = fc
  .array(
    fc.tuple(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      fc.double({ min: 0, max: 600, noNaN: true }),
    ),
    { minLength: 8, maxLength: 24 },
  )
  .map((pairs) =>
    learnDurations(
      pairs.map(([from, width]) => ({ unfinishedSeconds: from, finishedSeconds: from + width })),
    ),
  );

const anyJitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const anyFacts: fc.Arbitrary<PollDelayFacts> = fc.record({
  bounds: anyBounds,
  profile: anyProfile,
  ageMs: fc.integer({ min: 0, max: 90_000_000 }),
  unchangedReadings: fc.integer({ min: 1, max: 10_000 }),
  troubledReadings: fc.integer({ min: 0, max: 3_000 }),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 3_600_000 }), { nil: undefined }),
  queueLagMs: fc.integer({ min: 0, max: 7_200_000 }),
  isAnnounced: fc.boolean(),
  remainingMs: fc.integer({ min: -10_000, max: 90_000_000 }),
  jitter: anyJitter,
});

describe('the poll schedule', () => {
  it('never reads past the end of the life, and before its shortest interval or Retry-After only for the last reading', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const delay = nextPollDelayMs(facts);

        if (delay === undefined) return;
        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThan(facts.remainingMs);
        const isLast = delay >= facts.remainingMs - 2_001;
        const shortestMs = Math.max(facts.bounds.minPollSeconds * 1_000, facts.retryAfterMs ?? 0);
        if (!isLast) expect(delay).toBeGreaterThanOrEqual(shortestMs);
      }),
    );
  });

  it('exceeds a maximum that the account has set only for pressure, trouble, Retry-After and callbacks', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const bounds = { ...facts.bounds, isMaxFixed: true, hasCallbacks: false };
        const calm = { troubledReadings: 0, retryAfterMs: undefined, queueLagMs: 0 };

        const delay = nextPollDelayMs({ ...facts, ...calm, bounds });

        const longestMs = bounds.maxPollSeconds * 1_000;
        if (delay !== undefined) expect(delay).toBeLessThanOrEqual(longestMs);
        const first = firstPollDelayMs(bounds, facts.profile, 0, facts.jitter);
        expect(first).toBeLessThanOrEqual(Math.max(longestMs, bounds.firstPollSeconds * 1_000));
      }),
    );
  });

  it('keeps to such a maximum although the durations say that a longer wait would do', () => {
    const bounds = { ...BOUNDS, isMaxFixed: true };

    expect(firstPollDelayMs(bounds, PROFILE, 0, 0)).toBeLessThanOrEqual(15_000);
    expect(delayMs({ bounds, profile: PROFILE, ageMs: 30_000 })).toBeLessThanOrEqual(15_000);
    expect(delayMs({ profile: PROFILE, ageMs: 30_000 })).toBeGreaterThan(30_000);
  });

  it('reads first not before the first useful moment, wherever it starts to count', () => {
    fc.assert(
      fc.property(
        anyBounds,
        anyProfile,
        fc.integer({ min: 0, max: 600_000 }),
        anyJitter,
        (bounds, profile, ageMs, jitter) => {
          const delay = firstPollDelayMs(bounds, profile, ageMs, jitter);

          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThan(Infinity);
          expect(ageMs + delay).toBeGreaterThanOrEqual(bounds.firstPollSeconds * 1_000);
        },
      ),
    );
  });

  it('never shortens its interval because the queue is longer', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 0, max: 3_600_000 }), (facts, moreMs) => {
        const roomy = { ...facts, remainingMs: 1e12 };
        const crowded = { ...roomy, queueLagMs: roomy.queueLagMs + moreMs };

        expect(nextPollDelayMs(crowded)).toBeGreaterThanOrEqual(nextPollDelayMs(roomy) ?? 0);
      }),
    );
  });

  it('reads once more right before the life ends, and not after', () => {
    expect(delayMs({ remainingMs: 11_000 })).toBe(9_000);
    expect(nextPollDelayMs({ ...FACTS, remainingMs: 6_000 })).toBeUndefined();
    expect(nextPollDelayMs({ ...FACTS, remainingMs: 0 })).toBeUndefined();
  });

  it('keeps to the documented cadence until durations are known', () => {
    const at = (seconds: number): number => delayMs({ ageMs: seconds * 1_000 });

    expect(firstPollDelayMs(BOUNDS, undefined, 0, 0)).toBe(15_000);
    expect(at(15)).toBe(10_000);
    expect(at(120)).toBe(12_000);
    expect(at(400)).toBe(15_000);
    expect(at(1_200)).toBe(30_000);
    expect(at(80_000)).toBe(300_000);
  });

  it('follows a task of 24 hours with a few hundred readings', () => {
    expect(countReadings(BOUNDS)).toBeLessThan(500);
    expect(countReadings({ ...BOUNDS, isMaxFixed: true })).toBeGreaterThan(5_000);
  });

  it('waits until tasks begin to finish, reads closely while they do, and slows down for one that outlives them', () => {
    const firstMs = firstPollDelayMs(BOUNDS, PROFILE, 0, 0);
    const at = (seconds: number): number => delayMs({ profile: PROFILE, ageMs: seconds * 1_000 });

    expect(firstMs).toBeGreaterThan(80_000);
    expect(firstMs).toBeLessThan(125_000);
    expect(at(110)).toBeLessThan(20_000);
    expect(at(1_000)).toBe(25_000);
  });

  it('jumps over an age at which no task finishes', () => {
    const short = Array.from({ length: 20 }, (_, index) => 50 + index);
    const long = Array.from({ length: 20 }, (_, index) => 300 + index);
    const profile = learn(
      [...short, ...long].sort((left, right) => ((left * 7) % 11) - ((right * 7) % 11)),
    );

    expect(delayMs({ profile, ageMs: 100_000 })).toBeGreaterThan(100_000);
  });

  it('backs off while readings cannot tell, to a bound', () => {
    const after = (troubledReadings: number): number => delayMs({ troubledReadings });

    expect([1, 2, 3, 4].map(after)).toEqual([10_000, 20_000, 40_000, 80_000]);
    expect(after(60)).toBe(150_000);
  });

  it('waits long for a callback, then reads less and less often in case that it was lost', () => {
    const bounds = { ...BOUNDS, hasCallbacks: true };
    const after = (unchangedReadings: number): number => delayMs({ bounds, unchangedReadings });

    expect(firstPollDelayMs(bounds, undefined, 0, 0)).toBe(180_000);
    expect(firstPollDelayMs(bounds, PROFILE, 0, 0)).toBeLessThan(160_000);
    expect([1, 2, 3].map(after)).toEqual([360_000, 720_000, 1_440_000]);
    expect(after(1_000)).toBe(5_760_000);
  });

  it('reads soon after an announced end, and not for ever where it was a false one', () => {
    const bounds = { ...BOUNDS, hasCallbacks: true };
    const after = (unchangedReadings: number): number =>
      delayMs({ bounds, isAnnounced: true, unchangedReadings });

    expect([1, 5].map(after)).toEqual([10_000, 10_000]);
    expect(after(6)).toBe(360_000);
  });
});

function countReadings(bounds: PollBounds): number {
  const lifeMs = 86_400_000;
  let ageMs = firstPollDelayMs(bounds, undefined, 0, 0.5);
  for (let readings = 1; ; readings += 1) {
    const delay = nextPollDelayMs({ ...FACTS, bounds, ageMs, remainingMs: lifeMs - ageMs });
    if (delay === undefined) return readings;
    ageMs += delay;
  }
}
