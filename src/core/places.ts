/** Who goes first where an account's places are short: a person who waits before a batch that runs overnight. */
export type Rank = 'interactive' | 'batch';

/** A job that waits for a place asks again after so long at first. Milliseconds. */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 300_000;
/** While nothing is known of how long tasks take: so long at most, or what lets fifty jobs ask per second. Milliseconds. */
const LONGEST_BLIND_WAIT_MS = 30_000;
const BLIND_ASKING_MS = 20;
/** What a task is taken to last until that is known. Seconds. */
const SUPPOSED_SECONDS = 20;
/** Part of the expected wait after which a job asks again: the estimate is rough, and asking is cheap. */
const EARLY = 0.5;
/** How much longer than its wait a job counts as waiting. */
const GRACE = 2;
const GRACE_MS = 15_000;

export interface PlaceWait {
  /** Jobs of the account that go first. */
  readonly ahead: number;
  readonly places: number;
  /** How long a task of the account takes, in seconds, where that is known. */
  readonly typicalSeconds: number | undefined;
}

/**
 * When a job that found no place asks again, in milliseconds. The first in line asks soon; one far behind asks about
 * half-way to its turn, so that thousands that wait ask seldom.
 */
export function placeWaitMs({ ahead, places, typicalSeconds }: PlaceWait): number {
  const perTurnMs = ((typicalSeconds ?? SUPPOSED_SECONDS) * 1000) / Math.max(1, places);
  const blindMs = Math.max(LONGEST_BLIND_WAIT_MS, BLIND_ASKING_MS * ahead);
  const longestMs = typicalSeconds === undefined ? blindMs : LONGEST_WAIT_MS;
  return Math.min(longestMs, LONGEST_WAIT_MS, FIRST_WAIT_MS + EARLY * ahead * perTurnMs);
}

/** Until when a job that was told to wait is taken to be still waiting. Milliseconds since 1970. */
export function waitsUntilMs(askedAtMs: number, wait: PlaceWait): number {
  return askedAtMs + GRACE * placeWaitMs(wait) + GRACE_MS;
}
