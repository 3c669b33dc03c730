import { setTimeout as delay } from 'node:timers/promises';
import { isMediaJobError } from '../core/errors.ts';

const RETRY_WHEN_AWAY_MS = 2_000;
/** An outage of Temporal that is longer than this ends the following. */
const PATIENCE_WHEN_AWAY_MS = 300_000;

/**
 * Goes through an iteration and begins it again where Temporal was away for a while. Ends at the signal. Throws
 * `temporal.unavailable` for a long outage, and whatever else the iteration throws.
 */
export async function* throughOutages<Item>(
  begin: () => AsyncIterable<Item>,
  note: (text: string) => void,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  let awaySinceMs: number | undefined;
  while (!hasEnded(signal)) {
    try {
      for await (const item of begin()) {
        if (awaySinceMs !== undefined) note('Temporal answers again');
        awaySinceMs = undefined;
        yield item;
      }
      return;
    } catch (error) {
      if (hasEnded(signal)) return;
      if (!isMediaJobError(error) || error.code !== 'temporal.unavailable') throw error;
      if (awaySinceMs === undefined) note('Temporal does not answer; waiting for it');
      awaySinceMs ??= Date.now();
      if (Date.now() - awaySinceMs > PATIENCE_WHEN_AWAY_MS) throw error;
      await delay(RETRY_WHEN_AWAY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}
