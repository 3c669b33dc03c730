import type { WorkflowStartOptions } from '@temporalio/client';
import { toStartAttributes } from '../../src/client/start-attributes.ts';
import { prepareInput, toRequestHash } from '../../src/client/start-job.ts';
import type { AccountDirectory } from '../../src/core/accounts.ts';
import type { BatchItem } from '../../src/core/batch.ts';
import type { JobInput } from '../../src/core/job.ts';
import { toItemJobId, toWorkflowId, WORKFLOW_QUEUE } from '../../src/core/keys.ts';
import { toStartPriority } from '../../src/core/priority.ts';
import { toStartMemo, toStartSummary } from '../../src/core/start-facts.ts';
import type { Scene } from './scene.ts';

/**
 * The bare way: `client.workflow.start`, one after the other by each of so many callers, with nothing around it. What the
 * batch gives its jobs these are given, too, and it is made ready before the first start.
 */
export async function startAll(
  { temporal, accounts }: Scene,
  batch: string,
  items: readonly BatchItem[],
  callers: number,
): Promise<void> {
  const starts = items.map((item) => toOptions(accounts, batch, item)).values();
  const call = async (): Promise<void> => {
    for (const options of starts) await temporal.workflow.start('generateMedia', options);
  };
  await Promise.all(Array.from({ length: callers }, call));
}

function toOptions(
  accounts: AccountDirectory,
  batch: string,
  { id, request }: BatchItem,
): WorkflowStartOptions {
  const input: JobInput = { request, batch };
  const prepared = prepareInput(accounts, input);
  return {
    workflowId: toWorkflowId(toItemJobId(batch, id)),
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: toStartMemo(toRequestHash(input), prepared.quote?.currency ?? null),
    typedSearchAttributes: toStartAttributes(input, prepared),
    staticSummary: toStartSummary(prepared.account.name, prepared.providerRequest),
    priority: toStartPriority(input),
  };
}
