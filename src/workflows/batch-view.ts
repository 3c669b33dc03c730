import type { BatchStop, PageReport } from '../core/batch-page.ts';
import { addTallies, countEnded } from '../core/batch-tally.ts';
import type { ItemTally } from '../core/batch-tally.ts';
import type { BatchMoney, BatchState, BatchStatus } from '../core/batch.ts';

/** What is written of a batch at its end. */
export interface BatchEnding {
  readonly tally: ItemTally;
  readonly money: readonly BatchMoney[];
  readonly manifestKey: string;
}

/** All that a batch's state is made of. */
export interface BatchFacts {
  readonly batch: string;
  readonly items: number;
  readonly window: number;
  readonly isPaused: boolean;
  readonly stop: BatchStop | null;
  readonly reason: string | null;
  readonly money: readonly BatchMoney[];
  /** Items of pages that have ended. */
  readonly ended: ItemTally;
  /** Of these: items that this run has run. */
  readonly fresh: ItemTally;
  /** Of pages that have not. */
  readonly open: readonly PageReport[];
  readonly ending: BatchEnding | undefined;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** Where the batch stands. At its end the output manifest counts, not the pages. */
export function toBatchState(facts: BatchFacts): BatchState {
  const { batch, items, window, money, reason, open, ending, startedAt, finishedAt } = facts;
  const running = open.reduce((sum, { tally }) => addTallies(sum, tally), facts.ended);
  const fresh = open.reduce((sum, page) => addTallies(sum, page.fresh), facts.fresh);
  const tally = ending?.tally ?? running;
  const inFlight = ending === undefined ? open.reduce((sum, one) => sum + one.inFlight, 0) : 0;
  return {
    batch,
    status: toStatus(facts),
    items,
    waiting: Math.max(0, items - countEnded(tally) - inFlight),
    inFlight,
    ...tally,
    kept: countEnded(running) - countEnded(fresh),
    window,
    money,
    reason,
    startedAt,
    finishedAt,
    manifestKey: ending?.manifestKey ?? null,
  };
}

function toStatus({ ending, items, stop, isPaused }: BatchFacts): BatchStatus {
  if (ending === undefined) {
    if (stop !== null) return 'stopping';
    return isPaused ? 'paused' : 'running';
  }
  if (ending.tally.succeeded === items) return 'succeeded';
  return stop?.by === 'person' ? 'cancelled' : 'failed';
}
