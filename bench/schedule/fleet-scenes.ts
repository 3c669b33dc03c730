import { learnDurations } from '../../src/core/duration-profile.ts';
import type { DurationProfile } from '../../src/core/duration-profile.ts';
import type { ObservedDuration } from '../../src/core/durations.ts';
import type { PollBounds } from '../../src/core/poll-schedule.ts';
import type { Fleet, FleetRun } from './fleet.ts';
import { runFleet } from './fleet.ts';
import { followOne } from './one-task.ts';
import { INDEX_RULES, runOracle } from './oracle.ts';
import { createRandom } from './random.ts';
import { everySeconds, pollux } from './schedules.ts';

/** The cadence that NexusFlow's pages advise for videos. */
export const VIDEO_BOUNDS: PollBounds = {
  firstPollSeconds: 15,
  minPollSeconds: 10,
  maxPollSeconds: 15,
  isMaxFixed: false,
  hasCallbacks: false,
};

/** Videos of one key: durations uniform from 60 to 300 s, a budget of 60 polls per minute, used to nine tenths. */
export interface FleetScene {
  readonly jobs: number;
  /** Submissions are spread evenly over so long. */
  readonly overSeconds: number;
  /** Whether the durations are known at the start; otherwise they are learned on the way. */
  readonly isLearned: boolean;
}

export interface FleetComparison {
  readonly meanLagSeconds: number;
  readonly oracleLagSeconds: number;
  readonly longestLagSeconds: number;
  readonly readingsPerJob: number;
}

const SHORTEST_SECONDS = 60;
const RANGE_SECONDS = 240;
const READINGS_PER_SECOND = 0.9;
const SEEDS: readonly number[] = [1, 2, 3, 4, 5];
const KNOWN_DURATIONS = 200;

/** The schedule beside the best of the oracle's rules, over the same jobs; means over five seeds. */
export function compareFleets(scene: FleetScene): FleetComparison {
  const runs = SEEDS.map((seed) => runSchedule(scene, seed));
  const oracles = Object.values(INDEX_RULES).map((index) =>
    mean(SEEDS.map((seed) => mean(runOracle(toFleet(scene, seed), survival, index).lagsSeconds))),
  );
  return {
    meanLagSeconds: mean(runs.map(({ lagsSeconds }) => mean(lagsSeconds))),
    oracleLagSeconds: Math.min(...oracles),
    longestLagSeconds: Math.max(...runs.flatMap(({ lagsSeconds }) => lagsSeconds)),
    readingsPerJob: mean(runs.map(({ readings }) => readings)) / scene.jobs,
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function survival(ageSeconds: number): number {
  return Math.min(1, Math.max(0, 1 - (ageSeconds - SHORTEST_SECONDS) / RANGE_SECONDS));
}

function toFleet({ jobs, overSeconds }: FleetScene, seed: number): Fleet {
  const random = createRandom(seed);
  const numbers = Array.from({ length: jobs }, (_, job) => job);
  return {
    startsSeconds: numbers.map((job) => (overSeconds * job) / jobs),
    durationsSeconds: numbers.map(() => SHORTEST_SECONDS + RANGE_SECONDS * random()),
    readingsPerSecond: READINGS_PER_SECOND,
  };
}

function runSchedule(scene: FleetScene, seed: number): FleetRun {
  const random = createRandom(1_000 + seed);
  const observed: ObservedDuration[] = [];
  let profile: DurationProfile | undefined;
  const learn = (one: ObservedDuration): void => {
    observed.unshift(one);
    profile = learnDurations(observed.slice(0, KNOWN_DURATIONS));
  };
  const known = scene.isLearned ? KNOWN_DURATIONS : 0;
  for (let index = 0; index < known; index += 1) {
    const duration = SHORTEST_SECONDS + RANGE_SECONDS * random();
    learn(followOne(duration, everySeconds(VIDEO_BOUNDS.maxPollSeconds)).observed);
  }
  return runFleet(toFleet(scene, seed), {
    ...pollux(VIDEO_BOUNDS, () => profile, random),
    finished: learn,
  });
}
