import type { ObservedDuration } from '../../src/core/durations.ts';
import type { Schedule } from './schedules.ts';

/** How one task was followed, on a key with room for every reading. */
export interface Followed {
  readonly readings: number;
  /** From the task's end to the reading that showed it. */
  readonly lagSeconds: number;
  readonly observed: ObservedDuration;
}

export function followOne(durationSeconds: number, schedule: Schedule): Followed {
  let age = schedule.first();
  let unfinishedSeconds = 0;
  let readings = 1;
  while (age < durationSeconds) {
    unfinishedSeconds = age;
    age += schedule.next({ ageSeconds: age, readings, queueLagSeconds: 0 });
    readings += 1;
  }
  const observed = { unfinishedSeconds, finishedSeconds: age };
  return { readings, lagSeconds: age - durationSeconds, observed };
}
