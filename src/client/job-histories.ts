import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { temporal as protocol } from '@temporalio/proto';
import { toWorkflowId } from '../core/keys.ts';
import { calling } from './calling.ts';
import { unlessMissing } from './unless-missing.ts';

/** A workflow of a job as the server keeps it. */
export interface JobHistory {
  readonly jobId: string;
  readonly history: protocol.api.history.v1.IHistory;
  /** Everything that is kept of it as text: history, memo, attributes, heartbeats. Payloads as they are stored, so sealed ones stay sealed. */
  readonly text: string;
}

const HISTORY_DEADLINE_MS = 30_000;

/** The newest workflows of jobs, newest first; one that is deleted meanwhile is left out. Throws `temporal.unavailable`. */
export async function* readJobHistories(
  temporal: Client,
  limit: number,
): AsyncGenerator<JobHistory> {
  if (limit === 0) return;
  const listed = temporal.workflow.list({ query: "WorkflowType = 'generateMedia'" });
  const iterator = listed[Symbol.asyncIterator]();
  for (let read = 0; read < limit; read += 1) {
    const next = await calling(temporal, () => iterator.next());
    if (next.done === true) return;
    const found = await unlessMissing(readHistory(temporal, next.value));
    if (found !== undefined) yield found;
  }
}

async function readHistory(
  temporal: Client,
  { workflowId, runId }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>,
): Promise<JobHistory> {
  const handle = temporal.workflow.getHandle(workflowId, runId);
  const description = await calling(temporal, () => handle.describe());
  const history = await calling(temporal, () => handle.fetchHistory(), HISTORY_DEADLINE_MS);
  return {
    jobId: workflowId.slice(toWorkflowId('').length),
    history,
    text: [...textsOf(history), ...textsOf(description.raw)].join('\n'),
  };
}

/** Every text and every byte string in a message, however deep. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('utf8');
  else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) yield* textsOf(member);
  }
}
