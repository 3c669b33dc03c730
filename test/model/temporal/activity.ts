import { Attempt } from './attempt.ts';
import { currentContext } from './context.ts';

/** Stands in for `@temporalio/activity` in this project's tests: the same names over {@link Attempt}. */
export { ApplicationFailure, CancelledFailure } from '@temporalio/common';

export const Context = {
  current(): Attempt {
    const context = currentContext();
    if (context instanceof Attempt) return context;
    throw new Error('this is not activity code');
  },
};

export function activityInfo(): Attempt['info'] {
  return Context.current().info;
}

export function heartbeat(details: unknown): void {
  Context.current().heartbeat(details);
}

export function cancellationSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

export async function sleep(delayMs: number): Promise<void> {
  await Context.current().sleep(delayMs);
}
