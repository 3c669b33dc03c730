import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { toBatchWorkflowId } from '../../src/core/keys.ts';

const CHILD_INITIATED =
  proto.temporal.api.enums.v1.EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED;

/** What one run of a workflow has left. */
export interface RunSize {
  readonly events: number;
  readonly bytes: number;
  /** Workflows that it has started. */
  readonly children: number;
  /** Bytes of what it was started with: for a run that goes on from another, all that is carried over. */
  readonly inputBytes: number;
}

export interface BatchSizes {
  /** In the order of their start. */
  readonly runs: readonly RunSize[];
  readonly pages: readonly RunSize[];
}

/** Reads every run of a batch and of its pages. */
export async function readSizes(temporal: Client, batch: string): Promise<BatchSizes> {
  const workflowId = toBatchWorkflowId(batch);
  return {
    runs: await sizesOf(temporal, `WorkflowId = "${workflowId}"`),
    pages: await sizesOf(temporal, `BatchId = "${batch}" AND WorkflowType = "runBatchPage"`),
  };
}

async function sizesOf(temporal: Client, query: string): Promise<readonly RunSize[]> {
  const found: (RunSize & { readonly startedMs: number })[] = [];
  for await (const { workflowId, runId, startTime } of temporal.workflow.list({ query })) {
    const handle = temporal.workflow.getHandle(workflowId, runId);
    const { historyLength, historySize } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    found.push({
      startedMs: startTime.getTime(),
      events: historyLength,
      bytes: historySize ?? 0,
      children: (events ?? []).filter(({ eventType }) => eventType === CHILD_INITIATED).length,
      inputBytes: input.reduce((sum, { data }) => sum + (data?.length ?? 0), 0),
    });
  }
  return found.sort((left, right) => left.startedMs - right.startedMs);
}
