import { learnDurations } from '../../src/core/duration-profile.ts';
import type { DurationProfile } from '../../src/core/duration-profile.ts';
import type { ObservedDuration } from '../../src/core/durations.ts';
import type { PollBounds } from '../../src/core/poll-schedule.ts';
import { mean, VIDEO_BOUNDS } from './fleet-scenes.ts';
import type { DurationSet } from './make-durations.ts';
import { followOne } from './one-task.ts';
import type { Followed } from './one-task.ts';
import { bestPlan } from './optimum.ts';
import { createRandom } from './random.ts';
import type { Schedule } from './schedules.ts';
import { doublingSeconds, everySeconds, pollux } from './schedules.ts';

/** How a schedule did on a sample. */
export interface Outcome {
  readonly readings: number;
  readonly meanLagSeconds: number;
  readonly lagP50Seconds: number;
  readonly lagP95Seconds: number;
}

const SEED = 7;
const ORDERS = 6;
const DOUBLING_FIRST_SECONDS = 5;
const DOUBLING_CAP_SECONDS = 60;

/** Follows the sample with every schedule, each task with room for every reading. */
export function compareSchedules(set: DurationSet): Readonly<Record<string, Outcome>> {
  const random = createRandom(SEED);
  const fixed15 = runSample(set.measured, everySeconds(15));
  return {
    learned: runLearned(set, VIDEO_BOUNDS),
    'not-learned': runSample(
      set.measured,
      pollux(VIDEO_BOUNDS, () => undefined, random),
    ),
    'fixed-10': runSample(set.measured, everySeconds(10)),
    'fixed-15': fixed15,
    doubling: runSample(
      set.measured,
      doublingSeconds(DOUBLING_FIRST_SECONDS, DOUBLING_CAP_SECONDS),
    ),
    optimum: runOptimum(set, VIDEO_BOUNDS, fixed15.meanLagSeconds),
  };
}

/**
 * Pollux, after it followed the training sample: what it learned from are its own readings. The mean over several
 * orders of that sample, since the newest durations count most.
 */
export function runLearned(set: DurationSet, bounds: PollBounds): Outcome {
  const random = createRandom(SEED);
  const followed = Array.from({ length: ORDERS }, (_, order) => {
    const cut = (order * set.training.length) / ORDERS;
    const training = [...set.training.slice(cut), ...set.training.slice(0, cut)];
    const profile = train(training, bounds, random);
    const schedule = pollux(bounds, () => profile, random);
    return set.measured.map((seconds) => followOne(seconds, schedule));
  });
  return toOutcome(followed.flat());
}

/** The best that could have been chosen with the measured durations in hand, at this mean lag. */
export function runOptimum(set: DurationSet, bounds: PollBounds, meanLagSeconds: number): Outcome {
  const limits = { firstSeconds: bounds.firstPollSeconds, minSeconds: bounds.minPollSeconds };
  return runSample(set.measured, bestPlan(set.measured, limits, meanLagSeconds));
}

export function runSample(durations: readonly number[], schedule: Schedule): Outcome {
  return toOutcome(durations.map((seconds) => followOne(seconds, schedule)));
}

function toOutcome(followed: readonly Followed[]): Outcome {
  const lags = followed.map(({ lagSeconds }) => lagSeconds).sort((left, right) => left - right);
  const at = (share: number): number => lags[Math.floor(share * (lags.length - 1))] ?? 0;
  return {
    readings: mean(followed.map(({ readings }) => readings)),
    meanLagSeconds: mean(lags),
    lagP50Seconds: at(0.5),
    lagP95Seconds: at(0.95),
  };
}

function train(
  durations: readonly number[],
  bounds: PollBounds,
  random: () => number,
): DurationProfile | undefined {
  const observed: ObservedDuration[] = [];
  let profile: DurationProfile | undefined;
  const schedule = pollux(bounds, () => profile, random);
  for (const seconds of durations) {
    observed.unshift(followOne(seconds, schedule).observed);
    profile = learnDurations(observed);
  }
  return profile;
}
