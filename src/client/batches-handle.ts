import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { ArtifactStore } from '../core/artifact-store.ts';
import type { RunBatchInput } from '../core/batch-page.ts';
import type { BatchState } from '../core/batch.ts';
import { ConfigError, RequestError } from '../core/errors.ts';
import { toBatchWorkflowId } from '../core/keys.ts';
import {
  batchState,
  cancelBatch,
  changeBatch,
  pauseBatch,
  resumeBatch,
} from '../workflows/messages.ts';
import { readPlan } from './batches-memo.ts';
import { readBatchResults } from './batches-results.ts';
import { readBatchTotals } from './batches-totals.ts';
import type { BatchHandle } from './batches-types.ts';
import { calling, isUnanswered } from './calling.ts';
import type { WatchOptions } from './job-handle.ts';
import { updateWorkflow } from './update-workflow.ts';

export interface BatchAccess {
  readonly temporal: Client;
  readonly store: Pick<ArtifactStore, 'list' | 'open'>;
  /** Returns whether the batch ran already. */
  readonly startInput: (input: RunBatchInput) => Promise<boolean>;
}

const QUERY_DEADLINE_MS = 10_000;
const DEFAULT_INTERVAL_MS = 1_000;

/** A batch by its id. Nothing is asked of Temporal before a member is called. */
export function createBatchHandle(access: BatchAccess, id: string): BatchHandle {
  const { temporal, store } = access;
  const handle = temporal.workflow.getHandle(toBatchWorkflowId(id));
  const describe = (): Promise<WorkflowExecutionDescription> =>
    calling(
      temporal,
      orUnknown(id, () => handle.describe()),
    );
  const state = (): Promise<BatchState> => readState(temporal, handle, describe);
  const update = async (call: () => Promise<unknown>): Promise<void> => {
    await updateWorkflow(temporal, async () => {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw ended(id, await describe(), error);
      }
    });
  };
  return {
    id,
    state,
    watch: (options = {}) => watch(state, options),
    results: (options = {}) => readBatchResults({ store, describe }, id, options),
    totals: () => readBatchTotals(store, id),
    pause: (decision) => update(() => handle.executeUpdate(pauseBatch, { args: [decision] })),
    resume: (decision) => update(() => handle.executeUpdate(resumeBatch, { args: [decision] })),
    cancel: (how) => update(() => handle.executeUpdate(cancelBatch, { args: [how] })),
    change: (change) => update(() => handle.executeUpdate(changeBatch, { args: [change] })),
    rerun: async (scope, { author, reason }, changes = {}) => {
      const description = await describe();
      if (isRunning(description)) throw running(id);
      const plan = readPlan(description);
      if (plan === undefined) throw unplanned(id);
      const { window, budget } = changes;
      const { batch, manifest } = plan;
      await access.startInput({
        ...plan,
        // A batch that a schedule has started has the pages of the batch that the schedule is for.
        ...(batch === id ? {} : { batch: id, manifest: { ...manifest, batch } }),
        ...(window === undefined ? {} : { window }),
        ...(budget === undefined ? {} : { budget }),
        rerun: { id: randomUUID(), scope, author, reason },
      });
    },
  };
}

function isRunning({ status }: WorkflowExecutionDescription): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED';
}

async function readState(
  temporal: Client,
  handle: WorkflowHandle,
  describe: () => Promise<WorkflowExecutionDescription>,
): Promise<BatchState> {
  const description = await describe();
  if (description.status.name === 'COMPLETED') {
    return (await calling(temporal, () => handle.result())) as BatchState;
  }
  const state = await query(temporal, handle);
  return isRunning(description) ? state : overruleByClosing(state, description);
}

async function query(temporal: Client, handle: WorkflowHandle): Promise<BatchState> {
  try {
    return await calling(temporal, () => handle.query(batchState), QUERY_DEADLINE_MS);
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    throw new ConfigError(
      'temporal.unavailable',
      'no worker answers for the batch; start one with `pollux worker`: the batch goes on then',
      { cause: error },
    );
  }
}

/** A terminated batch still answers with its last state; that it is closed is the newer fact. */
function overruleByClosing(
  state: BatchState,
  { status, closeTime }: WorkflowExecutionDescription,
): BatchState {
  return {
    ...state,
    status: 'cancelled',
    reason: `the workflow was ended from outside (${status.name.toLowerCase()}); its jobs go on, and the same manifest again continues the batch`,
    finishedAt: closeTime?.toISOString() ?? null,
  };
}

/** A batch that Temporal does not know is the caller's mistake. */
function orUnknown<T>(id: string, call: () => Promise<T>): () => Promise<T> {
  return async () => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw unknownBatch(id, error);
      throw error;
    }
  };
}

function unknownBatch(id: string, cause?: unknown): RequestError {
  return new RequestError(
    'request.invalid',
    `batch (${JSON.stringify(id)}): Temporal knows no such batch; \`pollux batch list\` shows those it knows. Of one that ended long ago the manifest can be run again: items that have ended keep their end`,
    { details: { issues: [{ field: 'batch', rule: 'must be a known batch' }] }, cause },
  );
}

function ended(
  id: string,
  { closeTime }: WorkflowExecutionDescription,
  cause: unknown,
): RequestError {
  const at = closeTime === undefined ? '' : ` at ${closeTime.toISOString()}`;
  return new RequestError(
    'request.invalid',
    `batch ${id} has ended${at}; there is nothing to change. Run its manifest again to start what was never started, or \`pollux batch rerun ${id}\` for what failed`,
    { details: { issues: [{ field: 'batch', rule: 'must be running' }] }, cause },
  );
}

function unplanned(id: string): RequestError {
  return new RequestError(
    'request.invalid',
    `batch ${id} was not started by Pollux's client, so its plan is not known; run its manifest again`,
    { details: { issues: [{ field: 'batch', rule: 'must have been started by the client' }] } },
  );
}

function running(id: string): RequestError {
  return new RequestError(
    'request.invalid',
    `batch ${id} still runs; wait for its end, or cancel it, before items are run again`,
    { details: { issues: [{ field: 'batch', rule: 'must have ended' }] } },
  );
}

async function* watch(
  read: () => Promise<BatchState>,
  { intervalMs = DEFAULT_INTERVAL_MS, signal }: WatchOptions,
): AsyncGenerator<BatchState> {
  let shown = '';
  while (signal?.aborted !== true) {
    const state = await read();
    const text = JSON.stringify(state);
    if (text !== shown) yield state;
    shown = text;
    if (state.finishedAt !== null) return;
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal }).catch(
      () => undefined,
    );
  }
}
