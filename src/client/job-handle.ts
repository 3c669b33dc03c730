import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { isMediaJobError, RequestError } from '../core/errors.ts';
import { isEndStatus, NOT_LIVE } from '../core/job.ts';
import type { Decision, JobResult, JobState, Resolution } from '../core/job.ts';
import { toWorkflowId } from '../core/keys.ts';
import { toJobResult } from '../failures.ts';
import {
  cancelJob,
  extendLife,
  jobState,
  pollNow,
  resolveSubmission,
} from '../workflows/messages.ts';
import type { ResolveRequest } from '../workflows/messages.ts';
import { calling, isAway } from './calling.ts';
import { toClosedStatus } from './closed-status.ts';
import { withPendingFollow } from './pending-follow.ts';
import { updateWorkflow } from './update-workflow.ts';

/** A job by its id, started or not. */
export interface JobHandle {
  readonly jobId: string;
  /** Where the job stands, live progress included. `request.invalid` for a job that Temporal does not know. */
  state(): Promise<JobState>;
  /**
   * Resolves at the job's end, whichever it is: look at `status`. Waits outages of the server out. Rejects with the
   * signal's reason where that ends the waiting; the job itself goes on.
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<JobResult>;
  /** A state whenever it has changed; the last one is the end. Throws `temporal.unavailable` in an outage: watch again. */
  watch(options?: WatchOptions): AsyncIterable<JobState>;
  /** Ends the job where no task exists; otherwise asks the provider and follows the task to its end. */
  cancel(decision: Decision): Promise<void>;
  /** Reads the task soon, or tries a held step again. */
  poll(): Promise<void>;
  /**
   * Decides about the submission that the job is held for; resolves once that is carried out. Throws `request.invalid`
   * where the job is not held for one, or the task cannot be its own.
   */
  resolve(resolution: Resolution, decision: Decision): Promise<void>;
  /** Gives the job more time before it counts as expired. */
  extendLife(seconds: number): Promise<void>;
}

export interface WatchOptions {
  /** How often to look, milliseconds. Default 1000. */
  readonly intervalMs?: number;
  /** Ends the watching, not the job. */
  readonly signal?: AbortSignal;
}

const QUERY_DEADLINE_MS = 5_000;
const DEFAULT_INTERVAL_MS = 1_000;
const RETRY_WHEN_AWAY_MS = 2_000;

/** A job by its id. Nothing is asked of Temporal before a member is called. */
export function createJobHandle(temporal: Client, jobId: string): JobHandle {
  const handle = temporal.workflow.getHandle(toWorkflowId(jobId));
  const state = (): Promise<JobState> => readState(temporal, handle, jobId);
  return {
    jobId,
    state,
    result: (options = {}) => readResult(temporal, handle, jobId, options.signal),
    watch: (options = {}) => watch(state, options),
    cancel: async (decision) => {
      await updateWorkflow(temporal, () => handle.executeUpdate(cancelJob, { args: [decision] }));
    },
    poll: async () => {
      await updateWorkflow(temporal, () => handle.executeUpdate(pollNow));
    },
    resolve: async (resolution, decision) => {
      const { hold } = await state();
      if (hold?.reason !== 'submit_unknown') throw notHeld(jobId);
      const request = { number: hold.number, ...toChoice(resolution), ...decision };
      await updateWorkflow(temporal, () =>
        handle.executeUpdate(resolveSubmission, { args: [request] }),
      );
    },
    extendLife: async (seconds) => {
      await updateWorkflow(temporal, () =>
        handle.executeUpdate(extendLife, { args: [{ seconds }] }),
      );
    },
  };
}

function toChoice(resolution: Resolution): Pick<ResolveRequest, Resolution['kind']> {
  switch (resolution.kind) {
    case 'adopt':
      return { adopt: resolution.taskId };
    case 'resubmit':
      return { resubmit: true };
    case 'abandon':
      return { abandon: true };
  }
}

function notHeld(jobId: string): RequestError {
  return new RequestError(
    'request.invalid',
    `job ${jobId} is not held for a submission; \`pollux jobs show ${jobId}\` tells where it stands, \`pollux jobs list --held\` which jobs are held`,
    { details: { issues: [{ field: 'jobId', rule: 'must be a job that is held' }] } },
  );
}

async function readState(
  temporal: Client,
  handle: WorkflowHandle,
  jobId: string,
): Promise<JobState> {
  const description = await calling(temporal, () => handle.describe());
  try {
    const state = await calling(temporal, () => handle.query(jobState), QUERY_DEADLINE_MS);
    return await withPendingFollow(temporal, description, overruleByClosing(state, description));
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'request.invalid') throw error;
    return withoutWorker(description, jobId);
  }
}

/** A terminated workflow still answers with its last state; that it is closed is the newer fact. */
function overruleByClosing(state: JobState, description: WorkflowExecutionDescription): JobState {
  const { name } = description.status;
  if (name === 'RUNNING' || isEndStatus(state.status)) return state;
  const finishedAt = description.closeTime?.toISOString() ?? null;
  return {
    ...state,
    status: toClosedStatus(name),
    finishedAt,
    error: state.error ?? closedByHand(name, state.jobId),
  };
}

function closedByHand(name: string, jobId: string): NonNullable<JobState['error']> {
  return {
    code: 'ledger.conflict',
    message: `the workflow of job ${jobId} was ended from outside (${name.toLowerCase()}); the ledger still holds its submission and its place as open; docs/operations.md says how the same job id is started again, which follows the task that was bought`,
    details: { workflowStatus: name },
  };
}

/** No worker answers the query: what Temporal itself shows must do. */
function withoutWorker(description: WorkflowExecutionDescription, jobId: string): JobState {
  const attributes = new Map(
    description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
  );
  const text = (name: string): string => {
    const value = attributes.get(name);
    return typeof value === 'string' ? value : '';
  };
  const shown = (text('JobStatus') || 'opening') as JobState['status'];
  const isRunning = description.status.name === 'RUNNING';
  return {
    jobId,
    status: isRunning || isEndStatus(shown) ? shown : toClosedStatus(description.status.name),
    account: text('Account'),
    provider: '',
    model: text('Model'),
    taskId: text('ProviderTaskId') || null,
    submissions: 0,
    polls: 0,
    artifacts: [],
    cost: null,
    error: null,
    hold: null,
    startedAt: description.startTime.toISOString(),
    finishedAt: description.closeTime?.toISOString() ?? null,
    ...NOT_LIVE,
    history: [],
  };
}

/** Waits for the end through outages of the server: the job itself goes on without us. */
async function readResult(
  temporal: Client,
  handle: WorkflowHandle,
  jobId: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<JobResult> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return (await temporal.withAbortSignal(signal, () => handle.result())) as JobResult;
    } catch (error) {
      signal.throwIfAborted();
      if (isAway(error)) {
        await delay(RETRY_WHEN_AWAY_MS, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const result = toJobResult(error);
      if (result !== undefined) return result as JobResult;
      if (error instanceof WorkflowFailedError) return await readState(temporal, handle, jobId);
      return await calling(temporal, () => Promise.reject(error as Error));
    }
  }
}

async function* watch(
  read: () => Promise<JobState>,
  options: WatchOptions,
): AsyncGenerator<JobState> {
  const { intervalMs = DEFAULT_INTERVAL_MS, signal } = options;
  let shown = '';
  while (signal?.aborted !== true) {
    const state = await read();
    const text = JSON.stringify(state);
    if (text !== shown) yield state;
    shown = text;
    if (isEndStatus(state.status)) return;
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal }).catch(
      () => undefined,
    );
  }
}
