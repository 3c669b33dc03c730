import { WorkflowFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { PageReport } from '../core/batch-page.ts';
import type { BatchRuns, ItemRun } from '../core/batch-runs.ts';
import type { JobResult } from '../core/job.ts';
import { toWorkflowId } from '../core/keys.ts';
import { toJobResult } from '../failures.ts';
import { cancelJob } from '../workflows/messages.ts';
import { calling } from './calling.ts';
import { unlessMissing } from './unless-missing.ts';

/** An update waits for a worker. */
const UPDATE_DEADLINE_MS = 45_000;

/** The workflows of a batch's jobs and pages at a Temporal server. */
export function createBatchRuns(temporal: Client): BatchRuns {
  return {
    item: (jobId) => readItem(temporal, jobId),
    cancelItem: async (jobId, decision) => {
      const handle = temporal.workflow.getHandle(toWorkflowId(jobId));
      const update = async (): Promise<void> => {
        await handle.executeUpdate(cancelJob, { args: [decision] }).catch(unlessRefused);
      };
      await unlessMissing(calling(temporal, update, UPDATE_DEADLINE_MS));
    },
    page: async (workflowId) => {
      const handle = temporal.workflow.getHandle(workflowId);
      const found = await unlessMissing(calling(temporal, () => handle.describe()));
      if (found === undefined) return { kind: 'lost', how: 'missing' };
      const { name } = found.status;
      if (name === 'RUNNING' || name === 'PAUSED') return undefined;
      if (name !== 'COMPLETED') return { kind: 'lost', how: name.toLowerCase() };
      const report = (await calling(temporal, () => handle.result())) as PageReport;
      return { kind: 'ended', report };
    },
  };
}

async function readItem(temporal: Client, jobId: string): Promise<ItemRun> {
  const handle = temporal.workflow.getHandle(toWorkflowId(jobId));
  const found = await unlessMissing(calling(temporal, () => handle.describe()));
  if (found === undefined) return { kind: 'missing' };
  const { name } = found.status;
  if (name === 'RUNNING' || name === 'PAUSED') {
    const hash = found.memo?.['requestHash'];
    return { kind: 'running', ...(typeof hash === 'string' ? { requestHash: hash } : {}) };
  }
  const result = await calling(temporal, () => readResult(handle.result()));
  return {
    kind: 'closed',
    how: name.toLowerCase(),
    ...(result === undefined ? {} : { result }),
  };
}

/** The result that a job has left, also where it failed; `undefined` for one that was ended from outside. */
async function readResult(ended: Promise<unknown>): Promise<JobResult | undefined> {
  try {
    return (await ended) as JobResult;
  } catch (error) {
    if (error instanceof WorkflowFailedError) return toJobResult(error) as JobResult | undefined;
    throw error;
  }
}

/** A job that has ended, or ends now, refuses: there is nothing to cancel. */
function unlessRefused(error: unknown): void {
  const isRefused = error instanceof Error && error.name === 'WorkflowUpdateFailedError';
  if (!isRefused) throw error;
}
