import type { DurationProfile } from './duration-profile.ts';
import { quantileSeconds } from './duration-profile.ts';
import type { PollBounds } from './poll-bounds.ts';
import { documentedSeconds, longestSeconds } from './poll-bounds.ts';
import { learnedSeconds, policyOf } from './poll-policy.ts';

export type { PollBounds } from './poll-bounds.ts';

export interface PollDelayFacts {
  readonly bounds: PollBounds;
  /** `undefined` until enough is known. */
  readonly profile: DurationProfile | undefined;
  /** Milliseconds from arming to the reading that just was. It showed the task unfinished, or could not tell. */
  readonly ageMs: number;
  /** Readings in a row that changed nothing, this one included. */
  readonly unchangedReadings: number;
  /** Of these, the last so many could not tell. */
  readonly troubledReadings: number;
  /** What the provider asked for. */
  readonly retryAfterMs: number | undefined;
  /** How long this reading waited in its queue for its turn. */
  readonly queueLagMs: number;
  /** A callback said that the task ended: the next reading is due soon. */
  readonly isAnnounced: boolean;
  /** Milliseconds from now until the task's life ends. */
  readonly remainingMs: number;
  /** In [0, 1): spreads jobs that were submitted together. */
  readonly jitter: number;
}

const JITTER_SHARE = 0.2;
/** The last reading happens this long before the life ends. */
const LAST_READING_LEAD_MS = 2_000;
/** A reading that waited for its turn asks for the next one after this share of that wait, or later. */
const QUEUE_LAG_SHARE = 0.25;
/** With callbacks, the first reading comes after so many of the longest intervals. */
const SAFETY_INTERVALS = 12;
const MOST_SAFETY_DOUBLINGS = 5;
/** With callbacks and known durations, it comes once this share of tasks is over. */
const NEARLY_ALL = 0.98;
/** So many readings follow an announced end closely; after them the announcement counts as false. */
const ANNOUNCED_READINGS = 5;
/** Trouble never makes an interval longer than so many of the longest. */
const MOST_TROUBLED_INTERVALS = 10;

/**
 * Delay from the age `ageMs` to the task's first reading, in milliseconds: until `firstPollSeconds`, or, where
 * durations are known, until the first age at which a reading is worth its price. Never negative.
 */
export function firstPollDelayMs(
  bounds: PollBounds,
  profile: DurationProfile | undefined,
  ageMs: number,
  jitter: number,
): number {
  const planned = bounds.hasCallbacks
    ? firstSafetySeconds(bounds, profile)
    : firstSeconds(bounds, profile);
  const due = Math.max(bounds.firstPollSeconds, planned);
  const spread = due + JITTER_SHARE * bounds.minPollSeconds * jitter;
  const isFixed = bounds.isMaxFixed && !bounds.hasCallbacks;
  const latest = isFixed ? Math.max(bounds.firstPollSeconds, longestSeconds(bounds)) : Infinity;
  return Math.round(Math.max(0, 1_000 * Math.min(spread, latest) - ageMs));
}

/**
 * Delay until the next reading, in milliseconds. With a profile it follows the chance that the task has just finished;
 * without, the documented cadence. It never undercuts `Retry-After`, grows with trouble and with the wait in a crowded
 * queue, and is shortened so that one reading falls right before the end of the task's life. At or past that end the
 * answer is `undefined`: there is no next reading.
 */
export function nextPollDelayMs(facts: PollDelayFacts): number | undefined {
  const { bounds, remainingMs } = facts;
  if (remainingMs <= 0) return undefined;
  const wantedMs = Math.max(
    spread(wantedSeconds(facts), facts) * 1_000,
    QUEUE_LAG_SHARE * facts.queueLagMs,
    facts.retryAfterMs ?? 0,
  );
  const untilLastMs = remainingMs - LAST_READING_LEAD_MS;
  if (wantedMs <= untilLastMs) return Math.round(wantedMs);
  return untilLastMs > (bounds.minPollSeconds * 1_000) / 2 ? Math.round(untilLastMs) : undefined;
}

/** Jobs that were submitted together drift apart, within the bounds. */
function spread(seconds: number, { bounds, jitter }: PollDelayFacts): number {
  const drifted = seconds * (1 + JITTER_SHARE * (jitter - 0.5));
  const most = bounds.isMaxFixed ? Math.max(seconds, longestSeconds(bounds)) : Infinity;
  return Math.min(most, Math.max(bounds.minPollSeconds, drifted));
}

function wantedSeconds(facts: PollDelayFacts): number {
  return Math.max(calmSeconds(facts), troubledSeconds(facts));
}

/** The interval where every reading could tell. */
function calmSeconds(facts: PollDelayFacts): number {
  const { bounds, isAnnounced, unchangedReadings } = facts;
  if (isAnnounced && unchangedReadings <= ANNOUNCED_READINGS) return bounds.minPollSeconds;
  if (!bounds.hasCallbacks) return nextSeconds(facts);
  return safetySeconds(bounds, unchangedReadings - (isAnnounced ? ANNOUNCED_READINGS : 0));
}

function firstSeconds(bounds: PollBounds, profile: DurationProfile | undefined): number {
  const learned = profile && learnedSeconds(policyOf(profile, bounds), 0);
  return learned ?? bounds.firstPollSeconds;
}

function nextSeconds({ bounds, profile, ageMs }: PollDelayFacts): number {
  const age = Math.max(0, ageMs) / 1_000;
  const learned = profile && learnedSeconds(policyOf(profile, bounds), age);
  const seconds = Math.max(bounds.minPollSeconds, learned ?? documentedSeconds(bounds, age));
  return bounds.isMaxFixed ? Math.min(seconds, longestSeconds(bounds)) : seconds;
}

/** The callback is expected to come first: a reading finds out that it was lost. */
function firstSafetySeconds(bounds: PollBounds, profile: DurationProfile | undefined): number {
  if (profile === undefined) return SAFETY_INTERVALS * longestSeconds(bounds);
  return quantileSeconds(profile, NEARLY_ALL);
}

function safetySeconds(bounds: PollBounds, readings: number): number {
  const doublings = Math.min(MOST_SAFETY_DOUBLINGS, Math.max(0, readings));
  return SAFETY_INTERVALS * longestSeconds(bounds) * 2 ** doublings;
}

function troubledSeconds({ bounds, troubledReadings }: PollDelayFacts): number {
  if (troubledReadings <= 0) return 0;
  const most = MOST_TROUBLED_INTERVALS * longestSeconds(bounds);
  return Math.min(most, bounds.minPollSeconds * 2 ** (troubledReadings - 1));
}
