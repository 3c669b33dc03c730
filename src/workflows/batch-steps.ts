import { proxyActivities } from '@temporalio/workflow';
import type { BatchActivities } from '../activities/batch.ts';

/** A worker that died with such a step keeps a page waiting for so long. */
const STEP_DEADLINE_MS = 20_000;
/** Beats come with every page of the manifest; cancelling and writing thousands of lines takes its time. */
const LONG_STEP_DEADLINE_MS = 60 * 60_000;
const HEARTBEAT_MS = 60_000;

const RETRY = { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 30_000 } as const;

type Steps<Name extends keyof BatchActivities> = Pick<BatchActivities, Name>;

/** Reads and writes that the server retries for as long as it takes. */
export function batchSteps(
  summary: string,
): Steps<
  'readItems' | 'recordItems' | 'awaitItem' | 'awaitPage' | 'watchUnknown' | 'setBatchBudget'
> {
  return proxyActivities<
    Steps<
      'readItems' | 'recordItems' | 'awaitItem' | 'awaitPage' | 'watchUnknown' | 'setBatchBudget'
    >
  >({ startToCloseTimeout: STEP_DEADLINE_MS, retry: RETRY, summary });
}

export function longBatchSteps(summary: string): Steps<'cancelItems' | 'finishBatch'> {
  return proxyActivities<Steps<'cancelItems' | 'finishBatch'>>({
    startToCloseTimeout: LONG_STEP_DEADLINE_MS,
    heartbeatTimeout: HEARTBEAT_MS,
    retry: RETRY,
    summary,
  });
}
