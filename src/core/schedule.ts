import type { Timing } from './account.ts';

export interface PollDelayFacts {
  readonly timing: Pick<Timing, 'minPollSeconds' | 'maxPollSeconds'>;
  /** Readings in a row that changed nothing, this one included. */
  readonly unchangedReadings: number;
  /** What the provider asked for. */
  readonly retryAfterMs: number | undefined;
  /** Milliseconds from now until the task's life ends. */
  readonly remainingMs: number;
  /** In [0, 1): spreads jobs that were submitted together. */
  readonly jitter: number;
}

/** Readings without a change after which the interval starts to grow. */
const PATIENT_READINGS = 6;
const GROWTH = 1.25;
const JITTER_SHARE = 0.2;
/** The last reading happens this long before the life ends. */
const LAST_READING_LEAD_MS = 2_000;

/**
 * Delay until the next reading, in milliseconds. It starts at `minPollSeconds`, grows towards `maxPollSeconds` once
 * nothing has changed for a while, never undercuts `Retry-After`, and is shortened so that one reading falls right
 * before the end of the task's life. At or past that end the answer is `undefined`: there is no next reading.
 */
export function nextPollDelayMs(facts: PollDelayFacts): number | undefined {
  const { timing, unchangedReadings, retryAfterMs, remainingMs, jitter } = facts;
  if (remainingMs <= 0) return undefined;
  const minMs = timing.minPollSeconds * 1000;
  const maxMs = Math.max(minMs, timing.maxPollSeconds * 1000);
  const grown = minMs * GROWTH ** Math.max(0, unchangedReadings - PATIENT_READINGS);
  const base = Math.min(maxMs, grown);
  const spread = base * (1 + JITTER_SHARE * (jitter - 0.5));
  const delay = Math.max(spread, retryAfterMs ?? 0);
  const untilLast = remainingMs - LAST_READING_LEAD_MS;
  if (delay <= untilLast) return Math.round(delay);
  return untilLast > minMs / 2 ? Math.round(untilLast) : undefined;
}

const BACKOFF_BASE_MS = 2_000;
const BACKOFF_MAX_MS = 300_000;

/**
 * Wait before submission `number + 1` after submission `number` was proved not accepted, in milliseconds:
 * doubling from 2 s to 5 min, or what the provider asked for if that is longer.
 */
export function resubmitDelayMs(number: number, retryAfterMs: number | undefined): number {
  const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(number - 1, 20));
  return Math.max(backoff, retryAfterMs ?? 0);
}
