import type { Decision } from '../core/job.ts';
import { toItemJobId } from '../core/keys.ts';
import { eachLimited } from '../maintenance/each-limited.ts';
import type { BatchPorts } from './batch-ports.ts';

export interface CancelItemsStep {
  readonly batch: string;
  readonly items: readonly string[];
  readonly decision: Decision;
}

const AT_ONCE = 10;

/**
 * Asks jobs to cancel. Those that have ended meanwhile stay as they are.
 * Run twice: a job that was asked before is asked again, which changes nothing. Throws `temporal.unavailable`.
 */
export async function cancelItems(
  { runs }: BatchPorts,
  { batch, items, decision }: CancelItemsStep,
  heartbeat: (asked: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let asked = 0;
  await eachLimited(items, AT_ONCE, signal, async (item) => {
    await runs.cancelItem(toItemJobId(batch, item), decision);
    asked += 1;
    heartbeat(asked);
  });
}
