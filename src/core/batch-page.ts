import type { BatchBudget } from './batch-book.ts';
import type { BatchInput, BatchMoney, BatchRerun } from './batch.ts';
import type { ItemTally } from './batch-tally.ts';
import type { Decision, JobRerun, MediaRequest } from './job.ts';

// What a batch and its pages, and both and their activities, tell each other.

/** The one argument of workflow `runBatchPage`. */
export interface PageTask {
  readonly batch: string;
  /** Under which batch's name the pages of the manifest lie. */
  readonly source: string;
  readonly revision: string;
  /** Of the manifest, from 0. */
  readonly page: number;
  /** One run of the batch, however often it continues as new. */
  readonly run: string;
  /** Workflow id of the batch. */
  readonly parentId: string;
  /** Jobs that the batch may have in flight. */
  readonly window: number;
  /** Jobs that this page may have in flight at first: the places that other pages leave. */
  readonly places: number;
  /** True where no page follows: nobody waits for its places. */
  readonly isLast: boolean;
  readonly tenant?: string;
  readonly rerun?: BatchRerun;
}

/** One item that is not known to have ended. */
export interface ItemToRun {
  readonly id: string;
  readonly how:
    /** Starts the job, unless its workflow exists. */
    | 'start'
    /** Starts it also where its workflow is gone or has failed; the ledger knows how far it has come. */
    | 'start_again'
    /** Starts nothing: the end of the job is waited for where it runs, and asked for where it does not. */
    | 'await';
  readonly request: MediaRequest;
  /** Hex SHA-256 of what the job id stands for. */
  readonly requestHash: string;
  readonly currency: string | null;
  /** Static summary of the job's workflow. */
  readonly summary: string;
  readonly rerun?: JobRerun;
}

/** Where a page stands: everything counted from its beginning, so that a report that is lost is made good by the next. */
export interface PageReport {
  readonly run: string;
  readonly page: number;
  readonly inFlight: number;
  /** It has nothing more to start. */
  readonly isDraining: boolean;
  readonly tally: ItemTally;
  /** Of the tally: items that this run has run. */
  readonly fresh: ItemTally;
  /** By the ledger, over the whole batch. */
  readonly money: readonly BatchMoney[];
}

/** What a batch wants of one of its pages. */
export interface PageOrders {
  /** Jobs in flight at most. */
  readonly places: number;
  /** Start nothing more, for good. */
  readonly isStopped: boolean;
  /** Cancel what is in flight. */
  readonly cancelJobs?: Decision;
}

/** How a page ended, by the Temporal server. */
export type PageEnd =
  | { readonly kind: 'ended'; readonly report: PageReport }
  /** It closed without a report of its own: terminated, or a step of it failed for good. */
  | { readonly kind: 'lost'; readonly how: string };

export interface BatchStop {
  /** `rule`: a stop rule or trouble that no retry mends. */
  readonly by: 'person' | 'rule';
  readonly reason: string;
  readonly cancelJobs?: Decision;
}

/** The one argument of workflow `runBatch`, as it may also be started and as it continues as new. */
export interface RunBatchInput extends BatchInput {
  /** Set before the first item is started; `null` removes the one that an earlier run has left. */
  readonly budget?: BatchBudget | null;
  /** What the runs before this one have come to. Never given at the start. */
  readonly carried?: CarriedBatch;
}

/** Counts and decisions; never items. */
export interface CarriedBatch {
  readonly run: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly nextPage: number;
  readonly isPaused: boolean;
  readonly reason: string | null;
  readonly stop: BatchStop | null;
  /** Items of pages that have ended. */
  readonly ended: ItemTally;
  readonly fresh: ItemTally;
  readonly money: readonly BatchMoney[];
  /** Pages that have not ended. */
  readonly open: readonly CarriedPage[];
}

export interface CarriedPage {
  readonly report: PageReport;
  /** How often it was lost. */
  readonly losses: number;
  /** It is to be started again; otherwise it runs. */
  readonly isLost: boolean;
}
