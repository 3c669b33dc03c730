import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../core/logger.ts';

const INTERVAL_MS = 2_000;
const DEADLINE_MS = 3_000;

export interface TemporalWatch {
  /** False while the server does not answer. */
  readonly isUp: () => boolean;
  stop(): void;
}

/** Says in one line that Temporal is away and in one that it is back, in place of the SDK's line per poller and retry. */
export function watchTemporal(
  connection: NativeConnection,
  address: string,
  logger: Logger,
): TemporalWatch {
  let awaySinceMs: number | undefined;
  const look = async (): Promise<void> => {
    const askedAtMs = Date.now();
    if (!(await isAnswering(connection))) {
      if (awaySinceMs !== undefined) return;
      awaySinceMs = askedAtMs;
      logger.warn(`Temporal is away at ${address}; jobs wait and go on when it is back`);
      return;
    }
    if (awaySinceMs === undefined) return;
    const seconds = Math.round((Date.now() - awaySinceMs) / 1000);
    awaySinceMs = undefined;
    logger.info(`Temporal is back at ${address} after ${seconds} s`);
  };

  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  }, INTERVAL_MS);
  timer.unref();
  return { isUp: () => awaySinceMs === undefined, stop: () => clearInterval(timer) };
}

/** The core retries a call within its deadline and beyond, so a timer of our own bounds the wait. */
async function isAnswering(connection: NativeConnection): Promise<boolean> {
  const asked = connection
    .withDeadline(Date.now() + DEADLINE_MS, () => connection.workflowService.getSystemInfo({}))
    .then(
      () => true,
      () => false,
    );
  return await Promise.race([asked, delay(DEADLINE_MS, false, { ref: false })]);
}
