import fc from 'fast-check';
import {
  learnDurations,
  quantileSeconds,
  typicalSeconds,
} from '../../../src/core/duration-profile.ts';
import type { ObservedDuration } from '../../../src/core/durations.ts';

function between(unfinishedSeconds: number, finishedSeconds: number): ObservedDuration {
  return { unfinishedSeconds, finishedSeconds };
}

function many(count: number, one: ObservedDuration): readonly ObservedDuration[] {
  return Array.from({ length: count }, () => one);
}

const anyObserved = fc.array(
  fc
    .tuple(
      fc.double({ min: 0, max: 100_000, noNaN: true }),
      fc.double({ min: 0, max: 5_000, noNaN: true }),
    )
    .map(([from, width]) => between(from, from + width)),
  { minLength: 12, maxLength: 60 },
);

describe('what is learned from durations', () => {
  it('is nothing until there are twelve', () => {
    expect(learnDurations(many(11, between(90, 100)))).toBeUndefined();
    expect(learnDurations(many(12, between(90, 100)))).toBeDefined();
  });

  it('is a share that falls from one to almost nothing as the age rises, and plain JSON', () => {
    fc.assert(
      fc.property(anyObserved, (observed) => {
        const profile = learnDurations(observed);

        if (profile === undefined) throw new Error('twelve are enough');
        const { agesSeconds, unfinishedShares } = profile;
        expect(unfinishedShares).toHaveLength(agesSeconds.length);
        expect(agesSeconds[0]).toBe(0);
        expect(unfinishedShares[0]).toBeCloseTo(1, 9);
        expect(isSorted(agesSeconds)).toBe(true);
        expect(isSorted(unfinishedShares.map((share) => -share))).toBe(true);
        expect(unfinishedShares.every((share) => share > 0)).toBe(true);
        expect(unfinishedShares.at(-1)).toBeLessThan(0.1);
        expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
      }),
    );
  });

  it('finds the typical duration between the readings', () => {
    const observed = Array.from({ length: 60 }, (_, index) => {
      const seconds = 100 + ((index * 37) % 60);
      return between(15 * Math.floor(seconds / 15), 15 * Math.floor(seconds / 15) + 15);
    });

    const profile = learnDurations(observed);

    if (profile === undefined) throw new Error('sixty are enough');
    expect(typicalSeconds(profile)).toBeGreaterThan(122);
    expect(typicalSeconds(profile)).toBeLessThan(138);
    expect(quantileSeconds(profile, 0.05)).toBeGreaterThan(85);
    expect(quantileSeconds(profile, 0.95)).toBeLessThan(175);
  });

  it('does not take the age at which tasks happen to be read for the age at which they finish', () => {
    const late = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? between(160, 180) : between(0, 160),
    );

    const profile = learnDurations(late);

    if (profile === undefined) throw new Error('sixty are enough');
    expect(quantileSeconds(profile, 0.2)).toBeLessThan(140);
  });

  it('follows a provider that has become faster within a few tasks', () => {
    const observed = [...many(6, between(0, 130)), ...many(194, between(170, 185))];

    const profile = learnDurations(observed);

    if (profile === undefined) throw new Error('200 are enough');
    expect(quantileSeconds(profile, 0.15)).toBeLessThan(140);
    expect(typicalSeconds(profile)).toBeGreaterThan(165);
  });

  it('leaves room for a task unlike all before', () => {
    const profile = learnDurations(many(200, between(100, 101)));

    if (profile === undefined) throw new Error('200 are enough');
    expect(profile.unfinishedShares.at(-1)).toBeGreaterThan(0.001);
    expect(quantileSeconds(profile, 0.002)).toBeLessThan(50);
  });
});

function isSorted(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0) - 1e-12);
}
