import { createHash } from 'node:crypto';
import { createBatches } from '../../src/client/batches.ts';
import type { PolluxBatches } from '../../src/client/batches-types.ts';
import type { ArtifactStore } from '../../src/core/artifact-store.ts';
import type { BatchItem, ItemResult, ManifestRef } from '../../src/core/batch.ts';
import { toItemJobId, toPageKey, toWorkflowId } from '../../src/core/keys.ts';
import { createInstallation, loadConfig, parseMediaRequest } from '../../src/index.ts';
import { publishManifest } from '../../src/manifest/index.ts';
import type { TestInstallation } from './installation.ts';
import { publishBytes } from './s3-stores.ts';

/** The part of an installation that concerns batches. */
export interface TestBatches {
  readonly batches: PolluxBatches;
  readonly store: ArtifactStore;
  /** Publishes a manifest whose pages have so many items. */
  publishPages(batch: string, items: readonly BatchItem[], pageSize: number): Promise<ManifestRef>;
}

export function openBatches({ access, configFile }: TestInstallation): TestBatches {
  const installation = createInstallation(loadConfig({ file: configFile, environment: {} }));
  const { accounts, sealer } = installation;
  const store = installation.openStore();
  return {
    store,
    batches: createBatches({
      temporal: access.temporal,
      accounts,
      parseRequest: parseMediaRequest,
      store,
      publish: (batch, items) => publishManifest(store, batch, items, { sealer }),
    }),
    publishPages: async (batch, items, pageSize) => {
      const lines = items.map(({ id, request }) => `${JSON.stringify({ id, ...request })}\n`);
      const revision = createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
      const pages = Math.ceil(lines.length / pageSize);
      for (let page = 0; page < pages; page += 1) {
        const text = lines.slice(page * pageSize, (page + 1) * pageSize).join('');
        await publishBytes(store, toPageKey(batch, revision, page), Buffer.from(text));
      }
      return { revision, pages, items: items.length };
    },
  };
}

/** Items of three seconds of video whose prompts begin with the batch's id. */
export function toItems(batch: string, count: number, model = 'nexusflow/wan2.6-t2v'): BatchItem[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `item-${String(index).padStart(3, '0')}`,
    request: { model, prompt: `${batch} number ${index}`, durationSeconds: 3 },
  }));
}

/** Creates that the provider accepted for each item, in order. */
export function countCreates(
  installation: TestInstallation,
  items: readonly BatchItem[],
): readonly number[] {
  return items.map(({ request }) => installation.creates(request.prompt ?? '').length);
}

export async function readAll(results: AsyncIterable<ItemResult>): Promise<ItemResult[]> {
  const all: ItemResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** When the workflows of a batch's items ran, as the server keeps it. Milliseconds since 1970. */
export async function readSpans(
  { access }: TestInstallation,
  batch: string,
  items: readonly BatchItem[],
): Promise<readonly (readonly [start: number, end: number])[]> {
  const spans = items.map(async ({ id }) => {
    const workflowId = toWorkflowId(toItemJobId(batch, id));
    const found = await access.temporal.workflow.getHandle(workflowId).describe();
    return [found.startTime.getTime(), found.closeTime?.getTime() ?? Infinity] as const;
  });
  return await Promise.all(spans);
}

/** The most spans that run at once, and how many run on average while at least `window` have not ended. */
export function measureOverlap(
  spans: readonly (readonly [number, number])[],
  window: number,
): { readonly most: number; readonly average: number } {
  const events = spans
    .flatMap(([start, end]) => [[start, 1] as const, [end, -1] as const])
    .sort(([one, change], [other, otherChange]) => one - other || change - otherChange);
  let running = 0;
  let most = 0;
  let ended = 0;
  let area = 0;
  let time = 0;
  let previous = events[0]?.[0] ?? 0;
  for (const [at, change] of events) {
    if (spans.length - ended >= window) {
      area += running * (at - previous);
      time += at - previous;
    }
    previous = at;
    running += change;
    if (change < 0) ended += 1;
    most = Math.max(most, running);
  }
  return { most, average: time === 0 ? 0 : area / time };
}
