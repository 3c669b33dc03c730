import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { AccountDirectory } from '../core/accounts.ts';
import type { JobRuns, RunState } from '../core/job-runs.ts';
import { toWorkflowId } from '../core/keys.ts';
import { providerNotified } from '../workflows/messages.ts';
import { calling } from './calling.ts';
import { prepareInput, startWorkflow } from './start-job.ts';
import { unlessMissing } from './unless-missing.ts';

/**
 * The workflows of jobs at a Temporal server. Beside `temporal.unavailable`, `startAgain` throws `request.invalid` for an
 * input that the configuration does not take any more, and `config.invalid` for a namespace that was not set up.
 */
export function createJobRuns(temporal: Client, accounts: AccountDirectory): JobRuns {
  return {
    state: async (jobId) => {
      const handle = temporal.workflow.getHandle(toWorkflowId(jobId));
      const description = await unlessMissing(calling(temporal, () => handle.describe()));
      return description === undefined ? { kind: 'missing' } : toRunState(description);
    },
    startAgain: async (jobId, input) => {
      const prepared = prepareInput(accounts, input);
      const policy = 'ALLOW_DUPLICATE_FAILED_ONLY';
      return (await startWorkflow(temporal, jobId, input, prepared, policy))
        ? 'started'
        : 'refused';
    },
    notify: async (jobId, number, taskId) => {
      const handle = temporal.workflow.getHandle(toWorkflowId(jobId));
      const notification = { number, ...(taskId === undefined ? {} : { taskId }) };
      const signal = async (): Promise<true> => {
        await handle.signal(providerNotified, notification);
        return true;
      };
      return (await unlessMissing(calling(temporal, signal))) ?? false;
    },
  };
}

function toRunState({ status, historyLength }: WorkflowExecutionDescription): RunState {
  switch (status.name) {
    case 'RUNNING':
    case 'PAUSED':
      return { kind: 'running', historyLength };
    case 'COMPLETED':
      return { kind: 'closed', how: 'completed' };
    case 'FAILED':
      return { kind: 'closed', how: 'failed' };
    case 'CANCELLED':
      return { kind: 'closed', how: 'cancelled' };
    case 'TERMINATED':
      return { kind: 'closed', how: 'terminated' };
    case 'TIMED_OUT':
      return { kind: 'closed', how: 'timed_out' };
    case 'CONTINUED_AS_NEW':
    case 'UNSPECIFIED':
    case 'UNKNOWN':
      return { kind: 'closed', how: 'other' };
  }
}
