import { CancellationScope, sleep } from '@temporalio/workflow';
import type { JobControl } from './job-control.ts';

/**
 * Runs steps in a scope of their own, which is cancelled once `dueInMs` says so. It is asked at every message: `undefined`
 * for not at all, 0 for now, else for so many milliseconds later, which is waited for once.
 */
export async function runUntil<T>(
  control: JobControl,
  dueInMs: () => number | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const scope = new CancellationScope();
  const timer = new CancellationScope();
  let isTimed = false;
  const stop = control.onChange(() => {
    const dueMs = dueInMs();
    if (dueMs === undefined) return;
    if (dueMs <= 0) {
      scope.cancel();
    } else if (!isTimed) {
      isTimed = true;
      timer
        .run(() => sleep(dueMs, { summary: 'a message waits for its turn' }))
        .then(() => scope.cancel())
        .catch(() => undefined);
    }
  });
  try {
    return await scope.run(run);
  } finally {
    stop();
    timer.cancel();
  }
}
