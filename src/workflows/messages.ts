import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { BatchBudget } from '../core/batch-book.ts';
import type { PageOrders, PageReport } from '../core/batch-page.ts';
import type { BatchState } from '../core/batch.ts';
import type { Decision, JobState, Resolution } from '../core/job.ts';

/** The argument of {@link providerNotified}: a callback arrived. It only wakes; the truth is read from the provider. */
export interface ProviderNotification {
  /** Number of the submission the callback was for. */
  readonly number: number;
  readonly taskId?: string;
  /** True where it said that the task goes on: it is no reason to read. */
  readonly isUnfinished?: boolean;
}

/** What `pollNow` answers: the reading it asked for happens after the answer. */
export type PollAnswer = 'accepted';

export interface CancelAnswered {
  /** ISO 8601. */
  readonly cancelRequestedAt: string;
}

export interface LifeExtension {
  /** Added to the task's and the result URL's life. */
  readonly seconds: number;
}

/** The argument of {@link resolveSubmission}: one of `adopt`, `resubmit` and `abandon`, by whom and why. */
export interface ResolveRequest extends Decision {
  /** Number of the submission that the job is held for. */
  readonly number: number;
  /** The task id that is the submission's own. */
  readonly adopt?: string;
  readonly resubmit?: true;
  readonly abandon?: true;
}

/** What {@link resolveSubmission} answers once the decision is carried out. */
export interface ResolveAnswered {
  readonly number: number;
  readonly decision: Resolution['kind'];
  /** Id of the decision in the ledger. */
  readonly decisionId: string;
}

/** The argument of {@link cancelBatch}. */
export interface CancelBatchRequest extends Decision {
  /** True: cancel the jobs in flight, too. */
  readonly jobs?: boolean;
}

/** The argument of {@link changeBatch}: what is absent stays as it is, `null` removes the budget. */
export interface ChangeBatchRequest extends Decision {
  /** Jobs in flight at once. */
  readonly window?: number;
  readonly budget?: BatchBudget | null;
}

export const providerNotified: SignalDefinition<[ProviderNotification]> =
  defineSignal('providerNotified');
/** Answers in every state, the closed ones included. */
export const jobState: QueryDefinition<JobState> = defineQuery('jobState');
/** Ends the job where no task exists; otherwise asks the provider and follows the task to its end. */
export const cancelJob: UpdateDefinition<CancelAnswered, [Decision]> = defineUpdate('cancelJob');
/** Reads the task soon, or tries a held step again. */
export const pollNow: UpdateDefinition<PollAnswer> = defineUpdate('pollNow');
/** Decides about a submission of which nobody can tell whether it was accepted. Refused with the reason where it cannot be done. */
export const resolveSubmission: UpdateDefinition<ResolveAnswered, [ResolveRequest]> =
  defineUpdate('resolveSubmission');
/** Gives the job more time before it counts as expired. */
export const extendLife: UpdateDefinition<LifeExtension, [LifeExtension]> =
  defineUpdate('extendLife');

/** Answers in every state, the closed ones included. */
export const batchState: QueryDefinition<BatchState> = defineQuery('batchState');
/** Starts no more items until {@link resumeBatch}; what is in flight goes on. */
export const pauseBatch: UpdateDefinition<BatchState, [Decision]> = defineUpdate('pauseBatch');
export const resumeBatch: UpdateDefinition<BatchState, [Decision]> = defineUpdate('resumeBatch');
/** Starts no more items; the batch ends once those in flight have. */
export const cancelBatch: UpdateDefinition<BatchState, [CancelBatchRequest]> =
  defineUpdate('cancelBatch');
export const changeBatch: UpdateDefinition<BatchState, [ChangeBatchRequest]> =
  defineUpdate('changeBatch');
/** From a page to its batch. */
export const reportPage: SignalDefinition<[PageReport]> = defineSignal('reportPage');
/** From a batch to its page. */
export const orderPage: SignalDefinition<[PageOrders]> = defineSignal('orderPage');
