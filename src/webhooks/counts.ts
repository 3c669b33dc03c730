import type { Logger } from '../core/logger.ts';

/** What became of callbacks. `unreadable` ones were delivered besides; a bad signature counts as `forged`. */
export type CallbackCounts = Readonly<Record<CallbackEvent, number>>;

export type CallbackEvent =
  | 'accepted'
  | 'duplicate'
  | 'forged'
  | 'no_workflow'
  | 'unavailable'
  | 'limited'
  | 'unreadable'
  | 'refused';

export interface CallbackTally {
  /** Returns true for the first of its kind since the last summary: worth a line of its own. */
  count(event: CallbackEvent): boolean;
  /** Since the start. */
  totals(): CallbackCounts;
  /** Writes what is left to say and stops. */
  stop(): void;
}

const SUMMARY_INTERVAL_MS = 60_000;
const NONE: CallbackCounts = {
  accepted: 0,
  duplicate: 0,
  forged: 0,
  no_workflow: 0,
  unavailable: 0,
  limited: 0,
  unreadable: 0,
  refused: 0,
};

/** Counts, and logs the counts once a minute while there are any. */
export function createTally(logger: Logger): CallbackTally {
  const totals = { ...NONE };
  let recent = { ...NONE };
  const summarize = (): void => {
    const counted = Object.entries(recent).filter(([, number]) => number > 0);
    if (counted.length === 0) return;
    recent = { ...NONE };
    logger.info('callbacks since the last such line', Object.fromEntries(counted));
  };
  const timer = setInterval(summarize, SUMMARY_INTERVAL_MS).unref();
  return {
    count: (event) => {
      totals[event] += 1;
      recent[event] += 1;
      return recent[event] === 1;
    },
    totals: () => ({ ...totals }),
    stop: () => {
      clearInterval(timer);
      summarize();
    },
  };
}
