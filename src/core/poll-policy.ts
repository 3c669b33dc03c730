import type { DurationProfile } from './duration-profile.ts';
import type { PollBounds } from './poll-bounds.ts';
import { documentedSeconds, longestSeconds } from './poll-bounds.ts';

/** When to read a task again, by its age: the best that a profile and the bounds allow. Ages in seconds, evenly spaced. */
export interface PollPolicy {
  readonly stepSeconds: number;
  /** For a task that is unfinished at the age `position * stepSeconds`: the position of its next reading. */
  readonly nexts: readonly number[];
  /** What a reading may cost: so many seconds of expected lag. */
  readonly price: number;
  /** From a task's end to the reading that shows it; expected. */
  readonly meanLagSeconds: number;
  /** Per task; expected. */
  readonly meanReadings: number;
}

/** The grid has so many steps in the shortest interval, as far as {@link MOST_STEPS} allows. */
const STEPS_PER_INTERVAL = 4;
const MOST_STEPS = 600;
const BISECTIONS = 16;
/** The lag aimed at, of that of the documented cadence: a profile is an estimate, and errs. */
const AIM_SHARE = 0.9;
/** A reading is never worth more lag than this multiple of the wanted lag. */
const HIGHEST_PRICE = 4;
/** Once fewer tasks than this are left, the profile knows little about them. */
const FEW_LEFT = 0.1;
/** For these the interval is at most this multiple of the documented one, however sure the profile is. */
const MOST_CADENCES = 2;

const solved = new WeakMap<DurationProfile, Map<string, PollPolicy>>();

/** The policy for a profile, solved once per profile object and bounds; takes about a millisecond. */
export function policyOf(profile: DurationProfile, bounds: PollBounds): PollPolicy {
  const policies = solved.get(profile) ?? new Map<string, PollPolicy>();
  solved.set(profile, policies);
  const { firstPollSeconds, minPollSeconds, maxPollSeconds, isMaxFixed } = bounds;
  const key = [firstPollSeconds, minPollSeconds, maxPollSeconds, isMaxFixed].join();
  const policy = policies.get(key) ?? solve(profile, bounds);
  policies.set(key, policy);
  return policy;
}

/** Seconds from a reading at this age to the next; `undefined` beyond what the profile knows. */
export function learnedSeconds(policy: PollPolicy, ageSeconds: number): number | undefined {
  const position = Math.round(ageSeconds / policy.stepSeconds);
  const next = policy.nexts[position];
  return next === undefined ? undefined : (next - position) * policy.stepSeconds;
}

/** The fewest readings whose expected lag is no more than that of the documented cadence: half of its longest interval. */
function solve(profile: DurationProfile, bounds: PollBounds): PollPolicy {
  const survival = toSurvival(profile, bounds);
  const wantedSeconds = (AIM_SHARE * longestSeconds(bounds)) / 2;
  let low = 0;
  let high = HIGHEST_PRICE * wantedSeconds;
  let best = solveAt(survival, bounds, low);
  for (let round = 0; round < BISECTIONS; round += 1) {
    const price = (low + high) / 2;
    const policy = solveAt(survival, bounds, price);
    if (policy.meanLagSeconds > wantedSeconds) {
      high = price;
    } else {
      low = price;
      best = policy;
    }
  }
  return best;
}

/** The share of tasks that is unfinished, at evenly spaced ages. */
interface Survival {
  readonly stepSeconds: number;
  readonly shares: readonly number[];
  /** The time that a task has run by each of these ages; mean, seconds. */
  readonly runSeconds: readonly number[];
}

/**
 * Readings at the ages t[1], t[2], ... of a task with the survival S cost, at the price p per reading, the sum of
 * S(t[k-1]) (t[k] - t[k-1] + p) seconds, less the mean duration. The best next reading from each age follows from the
 * best ones from all later ages: dynamic programming, from the end backwards.
 */
function solveAt(survival: Survival, bounds: PollBounds, price: number): PollPolicy {
  const { stepSeconds, shares, runSeconds } = survival;
  const end = shares.length - 1;
  const costs = new Array<number>(end + 1).fill(0);
  const nexts = new Array<number>(end).fill(end);
  for (let from = end - 1; from >= 0; from -= 1) {
    const share = shares[from] ?? 0;
    const { earliest, latest } = rangeFrom(from, share, stepSeconds, bounds);
    let best = Infinity;
    for (let to = Math.min(end, earliest); to <= Math.min(end, latest); to += 1) {
      const ranSeconds = (runSeconds[to] ?? 0) - (runSeconds[from] ?? 0);
      const cost = share * ((to - from) * stepSeconds + price) - ranSeconds;
      // Each later reading costs at least as much.
      if (cost >= best) break;
      const total = cost + (costs[to] ?? 0);
      if (total >= best) continue;
      best = total;
      nexts[from] = to;
    }
    costs[from] = best;
  }
  return { stepSeconds, nexts, price, ...measure(survival, nexts) };
}

/** Between which positions the next reading after one at `from` must lie. */
function rangeFrom(
  from: number,
  share: number,
  stepSeconds: number,
  bounds: PollBounds,
): { readonly earliest: number; readonly latest: number } {
  const age = from * stepSeconds;
  const shortest = from === 0 ? bounds.firstPollSeconds : bounds.minPollSeconds;
  const earliest = from + Math.max(1, Math.ceil(shortest / stepSeconds));
  const longest = bounds.isMaxFixed
    ? longestSeconds(bounds)
    : share > FEW_LEFT
      ? Infinity
      : MOST_CADENCES * documentedSeconds(bounds, age);
  return { earliest, latest: Math.max(earliest, from + Math.floor(longest / stepSeconds)) };
}

function measure(
  { stepSeconds, shares, runSeconds }: Survival,
  nexts: readonly number[],
): Pick<PollPolicy, 'meanLagSeconds' | 'meanReadings'> {
  const end = shares.length - 1;
  let meanReadings = 0;
  let watchedSeconds = 0;
  for (let at = 0; at < end; at = nexts[at] ?? end) {
    const share = shares[at] ?? 0;
    meanReadings += share;
    watchedSeconds += share * ((nexts[at] ?? end) - at) * stepSeconds;
  }
  return { meanLagSeconds: watchedSeconds - (runSeconds[end] ?? 0), meanReadings };
}

function toSurvival(profile: DurationProfile, bounds: PollBounds): Survival {
  const { agesSeconds, unfinishedShares } = profile;
  const endSeconds = agesSeconds.at(-1) ?? 0;
  const finest = bounds.minPollSeconds / STEPS_PER_INTERVAL;
  const stepSeconds = Math.max(finest, endSeconds / MOST_STEPS, Number.EPSILON);
  const steps = Math.max(1, Math.ceil(endSeconds / stepSeconds));
  let above = 1;
  const shares = Array.from({ length: steps + 1 }, (_, step) => {
    const age = step * stepSeconds;
    while (above < agesSeconds.length - 1 && (agesSeconds[above] ?? 0) < age) above += 1;
    const from = agesSeconds[above - 1] ?? 0;
    const to = agesSeconds[above] ?? from;
    const before = unfinishedShares[above - 1] ?? 1;
    const after = unfinishedShares[above] ?? before;
    const part = to > from ? Math.min(1, (age - from) / (to - from)) : 1;
    return before + part * (after - before);
  });
  let sum = 0;
  const runSeconds = shares.map((share, step) => {
    if (step > 0) sum += (stepSeconds * (share + (shares[step - 1] ?? 1))) / 2;
    return sum;
  });
  return { stepSeconds, shares, runSeconds };
}
