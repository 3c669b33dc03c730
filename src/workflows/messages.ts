import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { Decision, JobState, Resolution } from '../core/job.ts';

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
