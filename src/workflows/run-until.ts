import { CancellationScope, sleep } from '@temporalio/workflow';
import type { JobControl } from './job-control.ts';

export interface Interruption {
  /** Asked at every message. */
  readonly isDue: () => boolean;
  /** Due in any case after so many milliseconds; `why` is the timer's summary. */
  readonly atLatest?: { readonly afterMs: number; readonly why: string };
}

/** Runs steps in a scope of their own, which is cancelled once the interruption is due. */
export async function runUntil<T>(
  control: JobControl,
  { isDue, atLatest }: Interruption,
  run: () => Promise<T>,
): Promise<T> {
  const scope = new CancellationScope();
  const timer = new CancellationScope();
  const stop = control.onChange(() => {
    if (isDue()) scope.cancel();
  });
  if (atLatest !== undefined) {
    timer
      .run(() => sleep(atLatest.afterMs, { summary: atLatest.why }))
      .then(() => scope.cancel())
      .catch(() => undefined);
  }
  try {
    return await scope.run(run);
  } finally {
    stop();
    timer.cancel();
  }
}
