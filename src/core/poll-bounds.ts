/** What the account and the model allow. Seconds. */
export interface PollBounds {
  /** No reading before this age of the task. */
  readonly firstPollSeconds: number;
  /** No two readings of the schedule closer than this. */
  readonly minPollSeconds: number;
  /** The documented cadence ends here. */
  readonly maxPollSeconds: number;
  /** True where the account sets {@link maxPollSeconds}: then nothing but pressure, trouble and callbacks exceeds it. */
  readonly isMaxFixed: boolean;
  /** True where the provider announces the end: readings are for the case that it does not. */
  readonly hasCallbacks: boolean;
}

/** Within the bounds, the documented interval is this share of the task's age. */
const SHARE_OF_AGE = 1 / 10;
/** It outgrows the bounds where it falls below this share: after 40 intervals without a change. */
const SHARE_OF_LONG_AGE = 1 / 40;
/** It grows up to so many times `maxPollSeconds`: a task of 24 hours costs some hundred readings. */
const MOST_GROWTH = 20;

/** `maxPollSeconds`, or `minPollSeconds` where that is more. */
export function longestSeconds({ minPollSeconds, maxPollSeconds }: PollBounds): number {
  return Math.max(minPollSeconds, maxPollSeconds);
}

/** The documented cadence: the interval after a reading at this age, for a task of which nothing else is known. */
export function documentedSeconds(bounds: PollBounds, ageSeconds: number): number {
  const longest = longestSeconds(bounds);
  const usual = Math.max(bounds.minPollSeconds, ageSeconds * SHARE_OF_AGE);
  if (bounds.isMaxFixed) return Math.min(longest, usual);
  const grown = Math.min(ageSeconds * SHARE_OF_LONG_AGE, longest * MOST_GROWTH);
  return Math.max(Math.min(longest, usual), grown);
}
