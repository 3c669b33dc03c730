import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';

/** Not errors: an activity that has nothing to report yet asks the server to run it again later. */
export type WaitKind =
  | 'wait.place'
  | 'wait.unchanged'
  | 'wait.deadline'
  | 'wait.list'
  | 'wait.outcome'
  | 'wait.job'
  | 'wait.page'
  | 'wait.rule';

/**
 * A retryable failure that is no error: the server runs the activity again after `delayMs`, writes nothing to the
 * history and shows `message` in the pending activity. `progress` reaches the workflow where no attempt follows.
 */
export function waitFor(
  kind: WaitKind,
  message: string,
  delayMs: number,
  progress?: unknown,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: kind,
    message,
    nextRetryDelay: Math.max(1, Math.round(delayMs)),
    category: ApplicationFailureCategory.BENIGN,
    ...(progress === undefined ? {} : { details: [progress] }),
  });
}
