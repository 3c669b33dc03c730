import type { SubmissionId } from './ledger-records.ts';

/** The submission that a callback URL stands for. */
export interface CallbackTarget extends SubmissionId {
  readonly account: string;
}

/**
 * The URL at which the provider may announce changes of this submission's task. Whoever has it may wake this one job and
 * nothing else.
 */
export type CallbackUrls = (target: CallbackTarget) => string;

/** The longest callback that is read; what a provider announces is short. */
export const MAX_CALLBACK_BYTES: number = 64 * 1024;
