import type { DurationProfile } from '../../src/core/duration-profile.ts';
import type { PollBounds } from '../../src/core/poll-schedule.ts';
import { firstPollDelayMs, nextPollDelayMs } from '../../src/core/poll-schedule.ts';

/** A reading that showed the task unfinished, as a schedule sees it. Seconds. */
export interface UnfinishedReading {
  readonly ageSeconds: number;
  /** Readings so far, this one included. */
  readonly readings: number;
  readonly queueLagSeconds: number;
}

/** When to read a task: delays in seconds. */
export interface Schedule {
  first(): number;
  next(reading: UnfinishedReading): number;
}

const LIFE_SECONDS = 86_400;

export function everySeconds(seconds: number): Schedule {
  return { first: () => seconds, next: () => seconds };
}

export function doublingSeconds(first: number, cap: number): Schedule {
  return { first: () => first, next: ({ readings }) => Math.min(cap, first * 2 ** readings) };
}

/** The schedule of Pollux; `profile` may change while tasks are followed. */
export function pollux(
  bounds: PollBounds,
  profile: () => DurationProfile | undefined,
  random: () => number,
): Schedule {
  return {
    first: () => firstPollDelayMs(bounds, profile(), 0, random()) / 1000,
    next: (reading) => {
      const delayMs = nextPollDelayMs({
        bounds,
        profile: profile(),
        ageMs: reading.ageSeconds * 1000,
        unchangedReadings: reading.readings,
        troubledReadings: 0,
        retryAfterMs: undefined,
        queueLagMs: reading.queueLagSeconds * 1000,
        isAnnounced: false,
        remainingMs: (LIFE_SECONDS - reading.ageSeconds) * 1000,
        jitter: random(),
      });
      if (delayMs === undefined) throw new RangeError('the task outlived its life');
      return delayMs / 1000;
    },
  };
}
