import type { PageEnd } from '../core/batch-page.ts';
import type { BatchPorts } from './batch-ports.ts';
import { waitFor } from './wait.ts';

export interface AwaitPageStep {
  readonly workflowId: string;
}

const LOOK_AGAIN_MIN_MS = 1_000;
const LOOK_AGAIN_MAX_MS = 30_000;
const GROWTH = 1.4;

/**
 * How a page ends that an earlier run of its batch has started: only that run hears of it from the server.
 * Run twice: both runs return the same end. Throws `temporal.unavailable`.
 */
export async function awaitPage(
  { runs }: BatchPorts,
  { workflowId }: AwaitPageStep,
  attempt: number,
): Promise<PageEnd> {
  const end = await runs.page(workflowId);
  if (end !== undefined) return end;
  const delayMs = Math.min(LOOK_AGAIN_MAX_MS, LOOK_AGAIN_MIN_MS * GROWTH ** (attempt - 1));
  throw waitFor('wait.page', `${workflowId} runs`, delayMs);
}
