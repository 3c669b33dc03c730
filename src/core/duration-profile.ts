import type { ObservedDuration } from './durations.ts';

/**
 * How long tasks of one kind take: the chance that one is still unfinished, by its age. Plain JSON.
 * Learned from readings, which tell only between which two ages a task ended.
 */
export interface DurationProfile {
  /** Observations that it was learned from. */
  readonly count: number;
  /** Ascending, from 0. Seconds since arming. */
  readonly agesSeconds: readonly number[];
  /** The share of tasks that is unfinished at each of these ages: from 1 downwards. */
  readonly unfinishedShares: readonly number[];
}

/** Fewer observations teach nothing. */
const FEWEST_OBSERVATIONS = 12;
/** The newest counts 1, this one counts a half, and so on: old observations fade, but never all at once. */
const FADING_OBSERVATIONS = 8;
/** Width of a cell of the grid: this share of the median, and of the age beyond it. */
const CELL_SHARE = 0.0125;
const MOST_CELLS = 500;
/** The grid ends at this multiple of the longest observation. */
const BEYOND_LONGEST = 1.25;
const ROUNDS = 8;
/** At least this share of tasks does not take as long as those before: it spreads over all ages. */
const LEAST_DOUBT = 0.01;

/**
 * Learns from observations, newest first. `undefined` until there are enough of them.
 *
 * Each observation says that a task ended between two ages. Its weight is spread over the cells of a grid between
 * them, in proportion to what all observations say about these cells; smoothed; repeated (expectation, maximisation,
 * smoothing).
 */
export function learnDurations(observed: readonly ObservedDuration[]): DurationProfile | undefined {
  if (observed.length < FEWEST_OBSERVATIONS) return undefined;
  const middle = medianOf(observed.map(toMiddle));
  const longest = Math.max(...observed.map(({ finishedSeconds }) => finishedSeconds));
  const ages = toGrid(Math.max(middle, 0.1), longest * BEYOND_LONGEST);
  const intervals = observed.map((one, position) => toCells(ages, one, position));
  const radius = toRadius(observed, ages);
  let masses: readonly number[] = ages.slice(1).map((age, cell) => age - (ages[cell] ?? 0));
  for (let round = 0; round < ROUNDS; round += 1) {
    masses = smooth(spread(masses, intervals), radius);
  }
  return {
    count: observed.length,
    agesSeconds: ages,
    unfinishedShares: toShares(masses, ages, middle, observed.length),
  };
}

/** The age at which half of the tasks are finished, in seconds. */
export function typicalSeconds(profile: DurationProfile): number {
  return quantileSeconds(profile, 0.5);
}

/** The age at which this share of the tasks is finished, in seconds; the last known age where none is old enough. */
export function quantileSeconds(profile: DurationProfile, share: number): number {
  const { agesSeconds, unfinishedShares } = profile;
  const position = unfinishedShares.findIndex((unfinished) => unfinished <= 1 - share);
  if (position === -1) return agesSeconds.at(-1) ?? 0;
  if (position === 0) return agesSeconds[0] ?? 0;
  const before = unfinishedShares[position - 1] ?? 1;
  const after = unfinishedShares[position] ?? 0;
  const from = agesSeconds[position - 1] ?? 0;
  const to = agesSeconds[position] ?? from;
  return before === after ? to : from + ((before - (1 - share)) / (before - after)) * (to - from);
}

interface Cells {
  readonly first: number;
  readonly last: number;
  readonly weight: number;
}

function toGrid(middle: number, end: number): readonly number[] {
  const ages = [0];
  for (let age = 0; age < end && ages.length < MOST_CELLS;) {
    age += CELL_SHARE * Math.max(middle, age);
    ages.push(age);
  }
  return ages;
}

function toCells(ages: readonly number[], one: ObservedDuration, position: number): Cells {
  const cells = ages.length - 1;
  const first = cellAt(ages, one.unfinishedSeconds);
  const last = Math.max(first, cellAt(ages, one.finishedSeconds));
  const weight = 1 / (1 + position / FADING_OBSERVATIONS);
  return { first: Math.min(first, cells - 1), last: Math.min(last, cells - 1), weight };
}

/** The cell that holds an age: the one that ends at it or after it. */
function cellAt(ages: readonly number[], seconds: number): number {
  let low = 0;
  let high = ages.length - 1;
  while (low < high) {
    const half = (low + high) >> 1;
    if ((ages[half] ?? 0) < seconds) low = half + 1;
    else high = half;
  }
  return Math.max(0, low - 1);
}

function spread(masses: readonly number[], intervals: readonly Cells[]): number[] {
  const sums = [0];
  for (const mass of masses) sums.push((sums.at(-1) ?? 0) + mass);
  const rises = new Array<number>(masses.length + 1).fill(0);
  for (const { first, last, weight } of intervals) {
    const total = (sums[last + 1] ?? 0) - (sums[first] ?? 0);
    const factor = weight / Math.max(total, Number.MIN_VALUE);
    rises[first] = (rises[first] ?? 0) + factor;
    rises[last + 1] = (rises[last + 1] ?? 0) - factor;
  }
  let factor = 0;
  return masses.map((mass, cell) => {
    factor += rises[cell] ?? 0;
    return Math.max(0, mass * factor);
  });
}

/** Two moving averages in a row: a kernel in the shape of a tent. */
function smooth(masses: readonly number[], radius: number): number[] {
  return average(average(masses, radius), radius);
}

function average(masses: readonly number[], radius: number): number[] {
  const sums = [0];
  for (const mass of masses) sums.push((sums.at(-1) ?? 0) + mass);
  return masses.map((_, cell) => {
    const from = Math.max(0, cell - radius);
    const to = Math.min(masses.length, cell + radius + 1);
    return ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from);
  });
}

function toRadius(observed: readonly ObservedDuration[], ages: readonly number[]): number {
  const cells = observed.map((one) => cellAt(ages, toMiddle(one))).sort((a, b) => a - b);
  const at = (share: number): number => cells[Math.floor(share * (cells.length - 1))] ?? 0;
  const width = Math.min(at(0.75) - at(0.5), at(0.5) - at(0.25)) / 0.675;
  return Math.max(1, Math.round(0.6 * width * observed.length ** -0.2));
}

function toShares(
  masses: readonly number[],
  ages: readonly number[],
  middle: number,
  count: number,
): readonly number[] {
  const doubt = Math.max(LEAST_DOUBT, 1 / count);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  let left = total;
  return ages.map((age, position) => {
    if (position > 0) left -= masses[position - 1] ?? 0;
    return (1 - doubt) * Math.max(0, left / total) + doubt / (1 + age / middle);
  });
}

function toMiddle({ unfinishedSeconds, finishedSeconds }: ObservedDuration): number {
  return (unfinishedSeconds + finishedSeconds) / 2;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
