import type { ObjectLabel } from '../core/artifact-store.ts';
import { countItem, EMPTY_TALLY } from '../core/batch-tally.ts';
import type { ItemTally } from '../core/batch-tally.ts';
import type { BatchTotals } from '../core/batch-totals.ts';
import { createTotalsCounter } from '../core/batch-totals.ts';
import type { BatchItem, BatchMoney, ItemResult, ManifestRef } from '../core/batch.ts';
import {
  toItemJobId,
  toManifestKey,
  toPageKey,
  toResultsPrefix,
  toRunManifestKey,
  toRunTotalsKey,
  toTotalsKey,
} from '../core/keys.ts';
import type { JobRecord } from '../core/ledger.ts';
import { toItemResult } from '../core/item-result.ts';
import type { BatchPorts } from './batch-ports.ts';
import { endOf, nameItem, toNotStarted, withRow } from './batch-results.ts';
import { publishTextOnce, readResults, unlessTaken } from './batch-store.ts';

export interface FinishBatchStep {
  readonly batch: string;
  /** Under which batch's name the pages lie. */
  readonly source: string;
  readonly manifest: ManifestRef;
  readonly run: string;
  /** Why the batch was stopped, where it was. */
  readonly reason: string | null;
}

export interface FinishedBatch {
  readonly tally: ItemTally;
  readonly money: readonly BatchMoney[];
  readonly manifestKey: string;
}

/**
 * Writes the whole output manifest, a line for every item in the manifest's order, as JSON lines and as CSV, and what it
 * comes to.
 *
 * The run's own copy is written first and nothing ever replaces it: that is the one to rely on. The copy under the batch's
 * plain name is for people and scripts; it is removed and written anew, so a crash in between leaves it away for the moment
 * until the step is tried again, never half or mixed.
 *
 * Run twice: a copy of the run's own that is there stands. Throws `storage.*`, `ledger.unavailable`.
 */
export async function finishBatch(
  ports: BatchPorts,
  step: FinishBatchStep,
  heartbeat: (progress: unknown) => void,
  signal: AbortSignal,
): Promise<FinishedBatch> {
  const manifestKey = toRunManifestKey(step.batch, step.run, 'jsonl');
  const csvKey = toRunManifestKey(step.batch, step.run, 'csv');
  if ((await ports.store.head(manifestKey)) === undefined) {
    const lines = toLines(eachResult(ports, step, heartbeat, signal));
    await unlessTaken(publish(ports, manifestKey, lines));
  }
  if ((await ports.store.head(csvKey)) === undefined) {
    const rows = ports.toCsv(readLines(ports, manifestKey, heartbeat));
    await unlessTaken(publish(ports, csvKey, rows));
  }
  await replaceCopy(ports, manifestKey, toManifestKey(step.batch));
  await replaceCopy(ports, csvKey, toManifestKey(step.batch, 'csv'));
  const counter = createTotalsCounter();
  let tally = EMPTY_TALLY;
  for await (const result of readLines(ports, manifestKey, heartbeat)) {
    tally = countItem(tally, result);
    counter.add(result);
  }
  const { money } = await ports.ledger.batchFigures(step.batch);
  await publishTotals(ports, step, counter.totals(money));
  return { tally, money, manifestKey };
}

async function publishTotals(
  ports: BatchPorts,
  { batch, run }: FinishBatchStep,
  totals: BatchTotals,
): Promise<void> {
  const key = toRunTotalsKey(batch, run);
  await publishTextOnce(ports.store, key, `${JSON.stringify(totals, null, 2)}\n`, LABELS.json);
  await replaceCopy(ports, key, toTotalsKey(batch));
}

async function* toLines(results: AsyncIterable<ItemResult>): AsyncGenerator<string> {
  for await (const result of results) yield `${JSON.stringify(result)}\n`;
}

/** One page in memory at a time. */
async function* eachResult(
  ports: BatchPorts,
  step: FinishBatchStep,
  heartbeat: (progress: unknown) => void,
  signal: AbortSignal,
): AsyncGenerator<ItemResult> {
  for (let page = 0; page < step.manifest.pages; page += 1) {
    signal.throwIfAborted();
    heartbeat({ page });
    const items = await ports.readPage(toPageKey(step.source, step.manifest.revision, page));
    const rows = await readRows(ports, step.batch, items);
    const parts = await readParts(ports, step, page);
    for (const item of items) yield await resultOf(ports, step, item, rows, parts);
  }
}

async function readRows(
  { ledger }: BatchPorts,
  batch: string,
  items: readonly BatchItem[],
): Promise<ReadonlyMap<string, JobRecord>> {
  const jobIds = items.map(({ id }) => toItemJobId(batch, id));
  const rows = jobIds.length === 0 ? [] : await ledger.jobs({ jobIds });
  return new Map(rows.map((row) => [row.jobId, row]));
}

/** Results that this run has stored of a page, by item. */
async function readParts(
  { store }: BatchPorts,
  { batch, run }: FinishBatchStep,
  page: number,
): Promise<ReadonlyMap<string, ItemResult>> {
  const results = new Map<string, ItemResult>();
  const keys: string[] = [];
  for await (const key of store.list(toResultsPrefix(batch, run, page))) {
    keys.push(key);
  }
  for (const key of keys.sort()) {
    for (const result of await readResults(store, key)) results.set(result.item, result);
  }
  return results;
}

/** The ledger is fresher than what was stored as the item ended; what it does not know was stored then. */
async function resultOf(
  ports: BatchPorts,
  step: FinishBatchStep,
  item: BatchItem,
  rows: ReadonlyMap<string, JobRecord>,
  parts: ReadonlyMap<string, ItemResult>,
): Promise<ItemResult> {
  const jobId = toItemJobId(step.batch, item.id);
  const row = rows.get(jobId);
  const part = parts.get(item.id);
  // Of an item whose id stands for another request the ledger tells that other job's end.
  if (part?.error?.code === 'request.conflict') return part;
  const known = endOf(row, item.id) ?? part;
  if (known !== undefined) return known;
  const { model } = item.request;
  if (row === undefined) return toNotStarted(ports, step.batch, item.id, model, step.reason);
  const submissions = await ports.ledger.submissions(jobId);
  const name = nameItem(ports, item.id, model);
  const failed = toItemResult(ports.clock, step.batch, name, 'failed', {
    code: 'ledger.conflict',
    message: `batch ${step.batch} ended before job ${jobId} did; \`pollux jobs show ${jobId}\` tells where it stands`,
    details: { jobId },
  });
  return withRow(failed, row, submissions.at(-1)?.taskId ?? null);
}

async function publish(
  { store }: BatchPorts,
  key: string,
  texts: AsyncIterable<string>,
): Promise<void> {
  const temporary = await store.openTemporary(key);
  try {
    let block = '';
    for await (const text of texts) {
      block += text;
      if (block.length < BLOCK_LENGTH) continue;
      await temporary.write(Buffer.from(block));
      block = '';
    }
    if (block !== '') await temporary.write(Buffer.from(block));
    await temporary.finish();
    await store.publish(temporary, key, labelOf(key));
  } finally {
    await temporary.discard();
  }
}

const BLOCK_LENGTH = 65_536;
const LABELS = {
  csv: { mediaType: 'text/csv', metadata: {} },
  json: { mediaType: 'application/json', metadata: {} },
  jsonl: { mediaType: 'application/jsonl', metadata: {} },
} as const;

function labelOf(key: string): ObjectLabel {
  if (key.endsWith('.csv')) return LABELS.csv;
  return key.endsWith('.json') ? LABELS.json : LABELS.jsonl;
}

async function* readLines(
  { store }: BatchPorts,
  key: string,
  heartbeat: (progress: unknown) => void,
): AsyncGenerator<ItemResult> {
  let rest = '';
  for await (const text of readTexts(store, key)) {
    heartbeat({ key });
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as ItemResult;
  }
}

async function* readTexts(store: BatchPorts['store'], key: string): AsyncGenerator<string> {
  const reader = await store.open(key);
  const decoder = new TextDecoder();
  try {
    for (let at = 0; at < reader.sizeBytes;) {
      const bytes = await reader.read(at, Math.min(BLOCK_LENGTH * 4, reader.sizeBytes - at));
      at += bytes.length;
      yield decoder.decode(bytes, { stream: true });
    }
  } finally {
    await reader.close();
  }
}

/** Only an object that is removed first can be followed by other bytes at its key. */
async function replaceCopy(ports: BatchPorts, from: string, to: string): Promise<void> {
  await ports.store.remove(to);
  await unlessTaken(publish(ports, to, readTexts(ports.store, from)));
}
