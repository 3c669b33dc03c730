import type { Timing } from './account.ts';

/** Part of a clock's life that is kept as a margin, and its bounds in milliseconds. */
const MARGIN_SHARE = 0.02;
const MIN_MARGIN_MS = 1_000;
const MAX_MARGIN_MS = 300_000;

/** When a clock that started at `startMs` is over for us: its life minus a margin. Milliseconds since 1970. */
export function toDeadline(startMs: number, lifeSeconds: number): number {
  const lifeMs = lifeSeconds * 1000;
  const marginMs = Math.min(MAX_MARGIN_MS, Math.max(MIN_MARGIN_MS, lifeMs * MARGIN_SHARE));
  return startMs + Math.max(lifeMs - marginMs, lifeMs / 2);
}

/** What the two clocks of a task count from. Milliseconds since 1970. */
export interface ClockFacts {
  readonly timing: Pick<Timing, 'taskLifeSeconds' | 'urlLifeSeconds'>;
  readonly armedAtMs: number;
  /** The last reading that showed the task unfinished: it may have finished right after. */
  readonly lastUnfinishedAtMs: number;
  /** What an operator added to both. */
  readonly extraLifeMs: number;
}

/** The moments that the clocks lead to, each a margin early. Milliseconds since 1970. */
export interface ClockMoments {
  /** The provider forgets the task. */
  readonly taskEndsAtMs: number;
  /** The result URL dies, if the task finished right after it was last seen unfinished. */
  readonly urlEndsAtMs: number;
  /** A download that starts by then ends in time. */
  readonly lastSafeDownloadAtMs: number;
  /** A reading by then leaves time for the download. */
  readonly lastSafePollAtMs: number;
}

/** Part of a URL's life that is left for the download itself, and its longest. */
const DOWNLOAD_SHARE = 0.05;
const MAX_DOWNLOAD_MS = 600_000;

export function toClockMoments(facts: ClockFacts): ClockMoments {
  const { timing, armedAtMs, lastUnfinishedAtMs, extraLifeMs } = facts;
  const taskEndsAtMs = toDeadline(armedAtMs, timing.taskLifeSeconds) + extraLifeMs;
  const urlEndsAtMs = toDeadline(lastUnfinishedAtMs, timing.urlLifeSeconds) + extraLifeMs;
  const lastSafeDownloadAtMs = urlEndsAtMs - downloadMs(timing.urlLifeSeconds);
  const lastSafePollAtMs = Math.min(taskEndsAtMs, lastSafeDownloadAtMs);
  return { taskEndsAtMs, urlEndsAtMs, lastSafeDownloadAtMs, lastSafePollAtMs };
}

/** What a download is given, also where the clock says that it comes too late: asking costs nothing. Milliseconds. */
export function leastDownloadMs(urlLifeSeconds: number): number {
  return Math.max(MIN_DOWNLOAD_MS, downloadMs(urlLifeSeconds));
}

const MIN_DOWNLOAD_MS = 2_000;

function downloadMs(urlLifeSeconds: number): number {
  return Math.min(MAX_DOWNLOAD_MS, urlLifeSeconds * 1000 * DOWNLOAD_SHARE);
}

/** How urgent a step is, and when that changes. */
export interface Urgency {
  /** As in Temporal: 1 goes before 2, which goes before what has none. */
  readonly priorityKey?: 1 | 2;
  /** Milliseconds until the step is more urgent; absent where it cannot be. */
  readonly risesInMs?: number;
}

/** What is left of a life when its steps go before others, and before all others. */
const SOON_SHARE = 0.5;
const URGENT_SHARE = 0.1;

/**
 * `remainingMs` of a life of `lifeSeconds` until the last safe moment. `atLeast`: how urgent it has been before, which a
 * step keeps, however close to the moment it is asked again.
 */
export function toUrgency(remainingMs: number, lifeSeconds: number, atLeast?: 1 | 2): Urgency {
  const urgentMs = lifeSeconds * 1000 * URGENT_SHARE;
  const soonMs = lifeSeconds * 1000 * SOON_SHARE;
  if (atLeast === 1 || remainingMs <= urgentMs) return { priorityKey: 1 };
  if (atLeast === 2 || remainingMs <= soonMs) {
    return { priorityKey: 2, risesInMs: remainingMs - urgentMs };
  }
  return { risesInMs: remainingMs - soonMs };
}

/** The priority that comes next. */
export function raise({ priorityKey }: Urgency): 1 | 2 {
  return priorityKey === undefined ? 2 : 1;
}
