import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { BatchStatus } from '../core/batch.ts';
import { toBatchName } from '../core/keys.ts';
import type { BatchSummary } from './batches-types.ts';
import { calling } from './calling.ts';

const DEFAULT_LIMIT = 100;
const STATUSES: ReadonlySet<string> = new Set<BatchStatus>([
  'running',
  'paused',
  'stopping',
  'succeeded',
  'failed',
  'cancelled',
]);

/** Batches that Temporal remembers, newest first. `temporal.unavailable`. */
export async function* listBatches(
  temporal: Client,
  limit: number = DEFAULT_LIMIT,
): AsyncGenerator<BatchSummary> {
  // A batch that continued as new is one batch.
  const query = "WorkflowType = 'runBatch' AND ExecutionStatus != 'ContinuedAsNew'";
  const pages = temporal.workflow.list({ query, pageSize: Math.min(limit, 1000) });
  const iterator = pages[Symbol.asyncIterator]();
  for (let count = 0; count < limit; count += 1) {
    const next = await calling(temporal, () => iterator.next());
    if (next.done === true) return;
    yield toSummary(next.value);
  }
}

function toSummary(info: WorkflowExecutionInfo): BatchSummary {
  return {
    // The time of a schedule's firing has colons there.
    id: toBatchName(info.workflowId),
    status: toStatus(info),
    startedAt: info.startTime.toISOString(),
    finishedAt: info.closeTime?.toISOString() ?? null,
  };
}

/** As the workflow said last; one that was ended from outside says nothing more. */
function toStatus({ status, typedSearchAttributes }: WorkflowExecutionInfo): BatchStatus {
  const attributes = typedSearchAttributes.getAll();
  const said = attributes.find(({ key }) => key.name === 'JobStatus')?.value;
  const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
  if (!isOpen && status.name !== 'COMPLETED') return 'cancelled';
  return typeof said === 'string' && STATUSES.has(said) ? (said as BatchStatus) : 'running';
}
