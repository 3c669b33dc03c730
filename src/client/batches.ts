import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { prepareRequest } from '../core/accounts.ts';
import type { AccountDirectory } from '../core/accounts.ts';
import type { ArtifactStore } from '../core/artifact-store.ts';
import type { RunBatchInput } from '../core/batch-page.ts';
import { MAX_WINDOW } from '../core/batch.ts';
import type { BatchItem, ManifestRef } from '../core/batch.ts';
import { RequestError } from '../core/errors.ts';
import type { MediaRequest } from '../core/job.ts';
import {
  BATCH_QUEUE,
  BATCH_TASK_TIMEOUT_MS,
  checkBatchId,
  toBatchWorkflowId,
} from '../core/keys.ts';
import { toKeyword } from '../core/search-attributes.ts';
import { createBatchHandle } from './batches-handle.ts';
import { listBatches } from './batches-list.ts';
import { readPlan, toBatchMemo } from './batches-memo.ts';
import type { PolluxBatches, StartBatchOptions, StartedBatch } from './batches-types.ts';
import { DEFAULT_WINDOW } from './batches-types.ts';
import { calling } from './calling.ts';
import { orNotSetUp } from './start-job.ts';

/** Where manifests and results of batches lie. */
export interface BatchStorage {
  /** Where results are read from. */
  readonly store: Pick<ArtifactStore, 'list' | 'open'>;
  /** Puts items into the store as pages and names them; nothing is stored where the items throw. `storage.*`. */
  readonly publish: (batch: string, items: AsyncIterable<BatchItem>) => Promise<ManifestRef>;
}

export interface BatchesOptions extends BatchStorage {
  /** A connected Temporal client, bound to the namespace. */
  readonly temporal: Client;
  /** The configured accounts: what items are checked against. */
  readonly accounts: AccountDirectory;
  /** Throws `request.invalid` for anything that is not a request. */
  readonly parseRequest: (value: unknown) => MediaRequest;
}

/** Makes the part of a client that starts and follows batches. */
export function createBatches(options: BatchesOptions): PolluxBatches {
  const { temporal, store } = options;
  const startInput = (input: RunBatchInput): Promise<boolean> => startOrAttach(temporal, input);
  return {
    start: async (items, startOptions) => {
      const { id } = startOptions;
      const input = toInput(startOptions);
      const manifest = isManifest(items)
        ? items
        : await options.publish(id, checkItems(options, items));
      const attached = await startInput({ ...input, manifest });
      const handle = createBatchHandle({ temporal, store, startInput }, id);
      return { ...handle, attached, manifest } satisfies StartedBatch;
    },
    get: (id) => createBatchHandle({ temporal, store, startInput }, checkBatchId(id, 'batch')),
    list: (listOptions = {}) => listBatches(temporal, listOptions.limit),
  };
}

/** Throws `request.invalid`. */
function toInput(options: StartBatchOptions): Omit<RunBatchInput, 'manifest'> {
  const { id, window = DEFAULT_WINDOW, tenant, stop, budget } = options;
  requireWindow(window);
  return {
    batch: checkBatchId(id, 'batch'),
    window,
    ...(tenant === undefined ? {} : { tenant }),
    ...(stop === undefined ? {} : { stop }),
    ...(budget === undefined ? {} : { budget }),
  };
}

function requireWindow(window: number): void {
  if (Number.isInteger(window) && window >= 1 && window <= MAX_WINDOW) return;
  const rule = `must be a whole number from 1 to ${MAX_WINDOW}`;
  throw new RequestError('request.invalid', `window (${window}): ${rule}`, {
    details: { issues: [{ field: 'window', rule }] },
  });
}

function isManifest(
  items: Iterable<BatchItem> | AsyncIterable<BatchItem> | ManifestRef,
): items is ManifestRef {
  return 'revision' in items;
}

/** The items as they are published, each checked as it goes by. */
async function* checkItems(
  { accounts, parseRequest }: BatchesOptions,
  items: Iterable<BatchItem> | AsyncIterable<BatchItem>,
): AsyncGenerator<BatchItem> {
  const seen = new Set<string>();
  for await (const { id, request } of items) {
    checkBatchId(id, 'id');
    if (seen.has(id)) throw twice(id);
    seen.add(id);
    const parsed = parseRequest(request);
    prepareRequest(accounts, parsed);
    yield { id, request: parsed };
  }
}

function twice(id: string): RequestError {
  const rule = 'must be given once';
  return new RequestError('request.invalid', `id (${JSON.stringify(id)}): ${rule}`, {
    details: { issues: [{ field: 'id', rule }] },
  });
}

/** Returns whether the batch was running already. `request.conflict` where it runs something else. */
async function startOrAttach(temporal: Client, input: RunBatchInput): Promise<boolean> {
  const workflowId = toBatchWorkflowId(input.batch);
  const options: WorkflowStartOptions = {
    workflowId,
    taskQueue: BATCH_QUEUE,
    workflowTaskTimeout: BATCH_TASK_TIMEOUT_MS,
    args: [input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    memo: toBatchMemo(input),
    typedSearchAttributes: toAttributes(input),
    staticSummary: `batch of ${input.manifest.items} items`,
  };
  try {
    await calling(temporal, () => temporal.workflow.start('runBatch', options));
    return false;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw orNotSetUp(error);
  }
  const handle = temporal.workflow.getHandle(workflowId);
  const running = readPlan(await calling(temporal, () => handle.describe()));
  const isSame =
    running?.manifest.revision === input.manifest.revision && input.rerun === undefined;
  if (isSame) return true;
  throw new RequestError(
    'request.conflict',
    `batch ${input.batch} runs already, with other items or for another purpose; wait for its end, or cancel it, and start it again then: items that have ended keep their end`,
    { details: { batch: input.batch } },
  );
}

function toAttributes({ batch, tenant }: RunBatchInput): SearchAttributePair[] {
  const values: readonly (readonly [string, string | undefined])[] = [
    ['BatchId', batch],
    ['Tenant', tenant],
  ];
  return values.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ key: defineSearchAttributeKey(name, 'KEYWORD'), value: toKeyword(value) }],
  );
}
