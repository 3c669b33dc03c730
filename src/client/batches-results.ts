import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { ArtifactStore } from '../core/artifact-store.ts';
import type { ItemResult } from '../core/batch.ts';
import { isMediaJobError } from '../core/errors.ts';
import { toResultsPrefix, toRunManifestKey } from '../core/keys.ts';
import type { ResultsOptions } from './batches-types.ts';

export interface ResultsAccess {
  readonly store: Pick<ArtifactStore, 'list' | 'open'>;
  readonly describe: () => Promise<WorkflowExecutionDescription>;
}

type Access = ResultsAccess & { readonly batch: string };

const LOOK_INTERVAL_MS = 1_000;
const BLOCK_BYTES = 262_144;

/**
 * Every item of the newest run once: those that have ended as the run has stored them, then, once it is over, the rest from
 * its output manifest. Waits outages of Temporal out. Throws `request.invalid` for an unknown batch, `storage.*`.
 */
export async function* readBatchResults(
  access: ResultsAccess,
  batch: string,
  { signal, untilNow = false }: ResultsOptions,
): AsyncGenerator<ItemResult> {
  const seen = new Set<string>();
  const read = new Set<string>();
  const isNew = ({ item }: ItemResult): boolean => !seen.has(item) && seen.add(item).has(item);
  while (signal?.aborted !== true) {
    const found = await orAway(access.describe());
    if (found !== undefined) {
      const run = found.raw.workflowExecutionInfo?.firstRunId ?? found.runId;
      // Looked up before the parts are read: what ends meanwhile is found the next time.
      const isOver = found.status.name !== 'RUNNING' && found.status.name !== 'PAUSED';
      for await (const result of readParts({ ...access, batch }, run, read)) {
        if (isNew(result)) yield result;
      }
      if (found.status.name === 'COMPLETED') {
        const key = toRunManifestKey(batch, run, 'jsonl');
        for await (const result of readLines(access.store, key)) if (isNew(result)) yield result;
      }
      if (isOver || untilNow) return;
    } else if (untilNow) return;
    await delay(LOOK_INTERVAL_MS, undefined, signal === undefined ? {} : { signal }).catch(
      () => undefined,
    );
  }
}

async function orAway<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'temporal.unavailable') return undefined;
    throw error;
  }
}

/** What was stored since the last look. */
async function* readParts(
  { store, batch }: Access,
  run: string,
  read: Set<string>,
): AsyncGenerator<ItemResult> {
  const keys: string[] = [];
  for await (const key of store.list(toResultsPrefix(batch, run))) {
    if (!read.has(key)) keys.push(key);
  }
  for (const key of keys.sort()) {
    read.add(key);
    yield* readLines(store, key);
  }
}

async function* readLines(
  store: Pick<ArtifactStore, 'open'>,
  key: string,
): AsyncGenerator<ItemResult> {
  const reader = await store.open(key);
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let at = 0; at < reader.sizeBytes;) {
      const bytes = await reader.read(at, Math.min(BLOCK_BYTES, reader.sizeBytes - at));
      at += bytes.length;
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as ItemResult;
    }
  } finally {
    await reader.close();
  }
}
