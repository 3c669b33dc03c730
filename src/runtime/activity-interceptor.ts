import type { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { toFailure } from '../failures.ts';
import type { Phase } from '../failures.ts';

/** Activities whose errors happen before any task is accepted. */
const BEFORE_ACCEPTANCE: ReadonlySet<string> = new Set(['openJob', 'submit']);

/** Puts every error of an activity into the form that survives Temporal, with the retry rule of its phase. */
export function translateErrors(context: Context): ActivityInterceptors {
  const phase: Phase = BEFORE_ACCEPTANCE.has(context.info.activityType) ? 'before' : 'after';
  return {
    inbound: {
      execute: async (input, next) => {
        try {
          return await next(input);
        } catch (error) {
          if (context.cancellationSignal.aborted) {
            throw new CancelledFailure(`${context.info.activityType} was interrupted`);
          }
          throw toFailure(error, phase);
        }
      },
    },
  };
}
