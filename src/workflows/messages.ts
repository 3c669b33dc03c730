import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { Decision, JobState } from '../core/job.ts';

/** The argument of {@link providerNotified}: a callback arrived. It only wakes; the truth is read from the provider. */
export interface ProviderNotification {
  /** Number of the submission the callback was for. */
  readonly number: number;
  readonly taskId?: string;
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

export const providerNotified: SignalDefinition<[ProviderNotification]> =
  defineSignal('providerNotified');
/** Answers in every state, the closed ones included. */
export const jobState: QueryDefinition<JobState> = defineQuery('jobState');
/** Ends the job where no task exists; otherwise asks the provider and follows the task to its end. */
export const cancelJob: UpdateDefinition<CancelAnswered, [Decision]> = defineUpdate('cancelJob');
/** Reads the task soon, or tries a held step again. */
export const pollNow: UpdateDefinition<PollAnswer> = defineUpdate('pollNow');
/** Gives the job more time before it counts as expired. */
export const extendLife: UpdateDefinition<LifeExtension, [LifeExtension]> =
  defineUpdate('extendLife');
