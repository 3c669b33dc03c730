import type { ItemResult } from './batch.ts';

/** The code of an item that a batch never started. */
export const NOT_STARTED = 'batch.stopped';

/** Items that have ended, counted. */
export interface ItemTally {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly expired: number;
  readonly notStarted: number;
  /** Items that did not succeed, by error code. */
  readonly failures: Readonly<Record<string, number>>;
}

export const EMPTY_TALLY: ItemTally = {
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
  notStarted: 0,
  failures: {},
};

/** The tally with one more item. One that has not ended is not counted. */
export function countItem(
  tally: ItemTally,
  { status, error }: Pick<ItemResult, 'status' | 'error'>,
): ItemTally {
  const failures = error === null ? {} : { [error.code]: 1 };
  const one: ItemTally = { ...EMPTY_TALLY, failures };
  if (error?.code === NOT_STARTED) return addTallies(tally, { ...one, notStarted: 1 });
  switch (status) {
    case 'succeeded':
      return addTallies(tally, { ...one, succeeded: 1 });
    case 'failed':
      return addTallies(tally, { ...one, failed: 1 });
    case 'cancelled':
      return addTallies(tally, { ...one, cancelled: 1 });
    case 'expired':
      return addTallies(tally, { ...one, expired: 1 });
    case 'opening':
    case 'submitting':
    case 'held':
    case 'queued':
    case 'running':
    case 'storing':
      return tally;
  }
}

export function addTallies(one: ItemTally, other: ItemTally): ItemTally {
  const failures: Record<string, number> = { ...one.failures };
  for (const [code, items] of Object.entries(other.failures)) {
    failures[code] = (failures[code] ?? 0) + items;
  }
  return {
    succeeded: one.succeeded + other.succeeded,
    failed: one.failed + other.failed,
    cancelled: one.cancelled + other.cancelled,
    expired: one.expired + other.expired,
    notStarted: one.notStarted + other.notStarted,
    failures,
  };
}

/** How many items the tally has counted. */
export function countEnded(tally: ItemTally): number {
  const { succeeded, failed, cancelled, expired, notStarted } = tally;
  return succeeded + failed + cancelled + expired + notStarted;
}

/** How many of them have failed, whatever the reason. */
export function countFailed({ failed, expired }: ItemTally): number {
  return failed + expired;
}
