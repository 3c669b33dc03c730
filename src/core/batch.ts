import type { DecisionRecord, JobResult, MediaRequest } from './job.ts';

/** One line of a manifest. Its job is `<batch>/<id>`. */
export interface BatchItem {
  readonly id: string;
  readonly request: MediaRequest;
}

/** Names a manifest in the store. The items themselves never travel through Temporal with it. */
export interface ManifestRef {
  /** Hex, 16 characters: the same items in the same order have the same. */
  readonly revision: string;
  readonly pages: number;
  readonly items: number;
  /** Under which batch's name its pages lie, where that is another: a schedule runs one manifest as many batches. */
  readonly batch?: string;
}

/** When a batch starts nothing more. What runs goes on to its end. */
export interface StopRules {
  /** In (0, 1]: more than this share of the items that ended have failed, once {@link MIN_ENDED_FOR_SHARE} have ended. */
  readonly failedShare?: number;
  /** More than so many submissions of the batch are unknown. */
  readonly unknownAbove?: number;
}

/** Jobs in flight of one batch at most: more than any account takes. */
export const MAX_WINDOW = 5_000;
export const MIN_ENDED_FOR_SHARE = 20;
/** Items of one page at most, and bytes of its lines: a page is read anew from its history in a part of a second. */
export const MAX_PAGE_ITEMS = 250;
export const MAX_PAGE_BYTES = 1_048_576;

/** Which items of an earlier run are run again. */
export type RerunScope =
  /** Failed, and proved to cost nothing. Submits anew. */
  | 'failed'
  /** Paid, but not all files are stored. Submits nothing. */
  | 'downloads'
  /** Expired. Submits anew, although the first task may be billed. */
  | 'expired';

export interface BatchRerun extends DecisionRecord {
  readonly scope: RerunScope;
}

/** The one argument of workflow `runBatch`, whose id is `batch/<batch>`. */
export interface BatchInput {
  readonly batch: string;
  readonly manifest: ManifestRef;
  /** Jobs in flight at once. */
  readonly window: number;
  readonly tenant?: string;
  readonly stop?: StopRules;
  /** Absent: items that have ended keep their end, the others are started. */
  readonly rerun?: BatchRerun;
}

/** How one item ended, as the output manifest prints it: one line. */
export interface ItemResult extends JobResult {
  readonly item: string;
}

/** Decimal micros of one currency over a batch's items. `spent` includes estimates. */
export interface BatchMoney {
  readonly currency: string;
  readonly spent: string;
  readonly reserved: string;
  readonly unknown: string;
}

export type BatchStatus = 'running' | 'paused' | 'stopping' | 'succeeded' | 'failed' | 'cancelled';

/** Answer of query `batchState`, and what a batch ends with. Counts are items. */
export interface BatchState {
  readonly batch: string;
  readonly status: BatchStatus;
  readonly items: number;
  /** Not started yet. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly expired: number;
  /** Never started, because the batch was stopped or cancelled. */
  readonly notStarted: number;
  /** Of the items that have ended: those that this run has not run. They keep the end they had. */
  readonly kept: number;
  /** Items that did not succeed, by error code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly window: number;
  readonly money: readonly BatchMoney[];
  /** Why it stopped or paused, for a person. */
  readonly reason: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Key of the whole output manifest, once it is written. */
  readonly manifestKey: string | null;
}
