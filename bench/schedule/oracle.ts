import { TokenBucket } from './fleet.ts';
import type { Fleet, FleetRun } from './fleet.ts';

/** The share of tasks that are unfinished at an age: what only the oracle knows. */
export type Survival = (ageSeconds: number) => number;

/** How much it is worth to read a task now that was unfinished at `lastSeconds`. */
export type Index = (survival: Survival, lastSeconds: number, ageSeconds: number) => number;

/** The chance that it has finished unnoticed. */
const chance: Index = (survival, last, age) => 1 - survival(age) / survival(last);

/** The lag that is expected to have gathered. */
const gathered: Index = (survival, last, age) => {
  const parts = 8;
  let sum = 0;
  for (let part = 0; part < parts; part += 1) {
    sum += chance(survival, last, last + ((age - last) * (part + 0.5)) / parts);
  }
  return (sum * (age - last)) / parts;
};

/** The chance, times the time since the last reading. */
const waited: Index = (survival, last, age) => chance(survival, last, age) * (age - last);

export const INDEX_RULES: Readonly<Record<string, Index>> = { chance, gathered, waited };

/** How long the key rests where no task can have finished. */
const REST_SECONDS = 0.25;

/** Knows all jobs of the key and the law of their durations, and gives each turn to the task that is worth most. */
export function runOracle(fleet: Fleet, survival: Survival, index: Index): FleetRun {
  const { startsSeconds, durationsSeconds, readingsPerSecond } = fleet;
  const bucket = new TokenBucket(readingsPerSecond);
  const lastAges = startsSeconds.map(() => 0);
  const lagsSeconds = startsSeconds.map(() => 0);
  const open = new Set(startsSeconds.keys());
  let readings = 0;
  let now = 0;
  while (open.size > 0) {
    const at = bucket.peek(now);
    const best = pick([...open], (job) => {
      const age = at - (startsSeconds[job] ?? 0);
      return age <= 0 ? 0 : index(survival, lastAges[job] ?? 0, age);
    });
    now = at;
    if (best === undefined) {
      now += REST_SECONDS;
      continue;
    }
    bucket.take(at);
    readings += 1;
    const age = at - (startsSeconds[best] ?? 0);
    lastAges[best] = age;
    if (age < (durationsSeconds[best] ?? 0)) continue;
    lagsSeconds[best] = age - (durationsSeconds[best] ?? 0);
    open.delete(best);
  }
  return { lagsSeconds, readings, longestQueueLagSeconds: 0 };
}

function pick(jobs: readonly number[], worth: (job: number) => number): number | undefined {
  let best: number | undefined;
  let most = 0;
  for (const job of jobs) {
    const value = worth(job);
    if (value <= most) continue;
    most = value;
    best = job;
  }
  return best;
}
