import type { BatchBudget } from '../core/batch-book.ts';
import type { BatchTotals } from '../core/batch-totals.ts';
import type {
  BatchItem,
  BatchState,
  BatchStatus,
  ItemResult,
  ManifestRef,
  RerunScope,
  StopRules,
} from '../core/batch.ts';
import type { Decision } from '../core/job.ts';
import type { WatchOptions } from './job-handle.ts';

export interface StartBatchOptions {
  /** Id of the batch. The same id again continues it: items that have ended keep their end. */
  readonly id: string;
  /** Jobs in flight at once. Default {@link DEFAULT_WINDOW}. */
  readonly window?: number;
  readonly tenant?: string;
  readonly stop?: StopRules;
  /** What its jobs may cost together. */
  readonly budget?: BatchBudget;
}

export const DEFAULT_WINDOW = 50;

/** What is changed of a batch while it runs; absent stays as it is, `null` removes the budget. */
export interface BatchChange {
  readonly window?: number;
  readonly budget?: BatchBudget | null;
}

/** With what a rerun differs from the run before it. A budget that was set before holds on unless it is changed. */
export type RerunChanges = BatchChange;

export interface ResultsOptions {
  /** Ends the reading, not the batch: the iteration then just ends. */
  readonly signal?: AbortSignal;
  /** True: results that are there, then no more. Default: until the batch has ended. */
  readonly untilNow?: boolean;
}

/** A batch by its id, started or not. */
export interface BatchHandle {
  readonly id: string;
  /** Where the batch stands. `request.invalid` for a batch that nobody knows. */
  state(): Promise<BatchState>;
  /** A state whenever it has changed; the last one is the end. Throws `temporal.unavailable` in an outage: watch again. */
  watch(options?: WatchOptions): AsyncIterable<BatchState>;
  /** Every item once, as it ends; ends with the batch. */
  results(options?: ResultsOptions): AsyncIterable<ItemResult>;
  /** What the newest output manifest comes to; `null` before the batch has ended for the first time. Throws `storage.*`. */
  totals(): Promise<BatchTotals | null>;
  /** Starts no more items until {@link resume}. Run twice: the same. */
  pause(decision: Decision): Promise<void>;
  resume(decision: Decision): Promise<void>;
  /** Starts no more items, and ends; with `jobs` cancels those in flight, too. */
  cancel(how: Decision & { readonly jobs?: boolean }): Promise<void>;
  change(change: BatchChange & Decision): Promise<void>;
  /** Runs the items of the newest manifest again that are in scope. Resolves once the batch runs. `request.invalid` while it runs. */
  rerun(scope: RerunScope, decision: Decision, changes?: RerunChanges): Promise<void>;
}

export interface StartedBatch extends BatchHandle {
  /** True: the batch was running already. */
  readonly attached: boolean;
  readonly manifest: ManifestRef;
}

/** A batch as Temporal's visibility shows it. */
export interface BatchSummary {
  readonly id: string;
  readonly status: BatchStatus;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** Starts and follows batches. Safe to share; holds no state of its own. */
export interface PolluxBatches {
  /**
   * Publishes the items, or takes a manifest that was published under `options.id`, and starts the batch.
   * Nothing is stored and nothing is started where an item is `request.invalid`.
   * Throws `request.conflict` where a batch of this id runs another manifest, `temporal.unavailable`, `storage.*`.
   */
  start(
    items: Iterable<BatchItem> | AsyncIterable<BatchItem> | ManifestRef,
    options: StartBatchOptions,
  ): Promise<StartedBatch>;
  /** A batch by its id, started or not. */
  get(id: string): BatchHandle;
  /** Batches that Temporal remembers, newest first. */
  list(options?: { readonly limit?: number }): AsyncIterable<BatchSummary>;
}
