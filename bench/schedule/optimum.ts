import type { Schedule } from './schedules.ts';

/** What every schedule is bound by, seconds. */
export interface OptimumBounds {
  readonly firstSeconds: number;
  readonly minSeconds: number;
}

interface Plan {
  readonly agesSeconds: readonly number[];
  readonly meanLagSeconds: number;
}

/** Ages are whole multiples of this. */
const STEP_SECONDS = 0.5;
const BISECTIONS = 30;

/**
 * The reading ages that, chosen with these very durations in hand, need the fewest readings at this mean lag: no
 * schedule that knows nothing of a single task can do better on them. Solved exactly (up to the step) by dynamic
 * programming: with N(a) the number of tasks unfinished at the age a, readings at t1, t2, ... cost
 * the sum of N(t[k-1]) (t[k] - t[k-1] + price).
 */
export function bestPlan(
  durations: readonly number[],
  bounds: OptimumBounds,
  meanLagSeconds: number,
): Schedule {
  const left = countUnfinished(durations);
  let low = 0;
  let high = 64 * meanLagSeconds;
  let plan = planAt(durations, left, bounds, low);
  for (let step = 0; step < BISECTIONS; step += 1) {
    const price = (low + high) / 2;
    const next = planAt(durations, left, bounds, price);
    if (next.meanLagSeconds > meanLagSeconds) high = price;
    else {
      low = price;
      plan = next;
    }
  }
  return toSchedule(plan.agesSeconds);
}

function countUnfinished(durations: readonly number[]): readonly number[] {
  const end = Math.ceil(Math.max(...durations) / STEP_SECONDS);
  const left = new Array<number>(end + 1).fill(0);
  for (const seconds of durations) {
    const finished = Math.ceil(seconds / STEP_SECONDS);
    left[finished] = (left[finished] ?? 0) + 1;
  }
  let unfinished = durations.length;
  return left.map((count) => (unfinished -= count));
}

function planAt(
  durations: readonly number[],
  left: readonly number[],
  bounds: OptimumBounds,
  price: number,
): Plan {
  const end = left.length - 1;
  const min = Math.ceil(bounds.minSeconds / STEP_SECONDS);
  const first = Math.ceil(bounds.firstSeconds / STEP_SECONDS);
  const costs = new Array<number>(left.length).fill(0);
  const nexts = new Array<number>(left.length).fill(end);
  for (let from = end - 1; from >= 0; from -= 1) {
    const unfinished = from === 0 ? durations.length : (left[from] ?? 0);
    let best = Infinity;
    for (let to = Math.min(end, from + (from === 0 ? first : min)); to <= end; to += 1) {
      const step = unfinished * ((to - from) * STEP_SECONDS + price);
      if (step >= best) break;
      const cost = step + (costs[to] ?? 0);
      if (cost >= best) continue;
      best = cost;
      nexts[from] = to;
    }
    costs[from] = best;
  }
  const ages: number[] = [];
  for (let at = nexts[0] ?? end; ; at = nexts[at] ?? end) {
    ages.push(at * STEP_SECONDS);
    if (at >= end) break;
  }
  return { agesSeconds: ages, meanLagSeconds: meanLag(durations, ages) };
}

function meanLag(durations: readonly number[], ages: readonly number[]): number {
  const lags = durations.map(
    (seconds) => (ages.find((age) => age >= seconds) ?? seconds) - seconds,
  );
  return lags.reduce((sum, lag) => sum + lag, 0) / durations.length;
}

function toSchedule(ages: readonly number[]): Schedule {
  const after = (age: number): number => (ages.find((one) => one > age) ?? age + 1) - age;
  return { first: () => after(0), next: ({ ageSeconds }) => after(ageSeconds) };
}

/**
 * The readings of the best possible schedule as a share of those of a fixed interval at the same mean lag, where
 * neither is bound from below: the square of the integral of sqrt(f S), over the mean duration. Estimated from quantiles.
 */
export function theoreticalShare(durations: readonly number[]): number {
  const sorted = [...durations].sort((left, right) => left - right);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const parts = 50;
  let root = 0;
  for (let part = 0; part < parts; part += 1) {
    const width = at((part + 1) / parts) - at(part / parts);
    root += Math.sqrt((width / parts) * (1 - (part + 0.5) / parts));
  }
  return root ** 2 / (sorted.reduce((sum, seconds) => sum + seconds, 0) / sorted.length);
}
