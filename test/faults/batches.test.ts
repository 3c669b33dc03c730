import type { ItemResult, ManifestRef } from '../../src/core/batch.ts';
import {
  toBatchWorkflowId,
  toItemJobId,
  toManifestKey,
  toPageWorkflowId,
} from '../../src/core/keys.ts';
import type { TestBatches } from '../installation/batches.ts';
import {
  countCreates,
  measureOverlap,
  openBatches,
  readAll,
  readSpans,
  toItems,
} from '../installation/batches.ts';
import { writeFigures } from '../installation/figures.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { readBytes } from '../installation/s3-stores.ts';
import { until } from '../installation/until.ts';

let installation: TestInstallation;
let own: TestBatches;
let worker: Awaited<ReturnType<TestInstallation['startWorker']>>;

const WINDOW = 5;

beforeAll(async () => {
  installation = await openInstallation({
    simulator: { durationsMs: { video: [1_500, 4_000] } },
    // A create whose worker died before it read the reply is found in the list.
    accounts: { nexusflow: { exclusive: true } },
  });
  own = openBatches(installation);
  worker = await installation.startWorker();
}, 90_000);

afterAll(() => installation.close());

async function readManifest(batch: string): Promise<readonly ItemResult[]> {
  const text = (await readBytes(own.store, toManifestKey(batch))).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ItemResult);
}

/** The item has its task, and no create is on its way. */
async function isQuietAfter(batch: string, item = ''): Promise<boolean> {
  const { ledger } = installation;
  const [submission] = await ledger.submissions(toItemJobId(batch, item));
  if (submission?.state !== 'accepted') return false;
  return (await ledger.allSubmissions({ isOpen: true, states: ['armed'] })).length === 0;
}

/** Runs of a batch's workflow that went over into a next one. */
async function countContinued(batch: string): Promise<number> {
  const { access } = installation;
  const last = await access.temporal.workflow.getHandle(toBatchWorkflowId(batch)).describe();
  const first = last.raw.workflowExecutionInfo?.firstRunId ?? '';
  let continued = 0;
  for (let runId = first; runId !== last.runId; continued += 1) {
    const handle = access.temporal.workflow.getHandle(toBatchWorkflowId(batch), runId);
    const { events } = await handle.fetchHistory();
    const next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    runId = next?.newExecutionRunId ?? last.runId;
  }
  return continued;
}

describe('a batch of many small pages', () => {
  const batch = 'pages';
  const items = toItems(batch, 40);
  let results: readonly ItemResult[];

  beforeAll(async () => {
    const manifest = await own.publishPages(batch, items, 2);
    const started = await own.batches.start(manifest, { id: batch, window: WINDOW });
    results = await readAll(started.results());
  }, 120_000);

  it('buys every item once and reports each once', async () => {
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
    expect(results.map(({ item }) => item).sort()).toEqual(items.map(({ id }) => id));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['succeeded']));
    expect(await own.batches.get(batch).state()).toMatchObject({
      ...{ status: 'succeeded', items: 40, succeeded: 40, waiting: 0, inFlight: 0 },
      ...{ money: [{ currency: 'USD', spent: '10800000', reserved: '0', unknown: '0' }] },
    });
  });

  it('never exceeds its window and keeps it full over the borders of pages', async () => {
    const spans = await readSpans(installation, batch, items);

    const { most, average } = measureOverlap(spans, WINDOW);

    writeFigures([{ name: 'batch window, kept full', value: average / WINDOW, unit: 'share' }]);
    expect(most).toBe(WINDOW);
    expect(average).toBeGreaterThan(0.85 * WINDOW);
  });

  it('continues as new while pages run, and loses none of them', async () => {
    expect(await countContinued(batch)).toBeGreaterThanOrEqual(1);
  });

  it('writes the output manifest in the order of its items, and as CSV', async () => {
    const lines = await readManifest(batch);
    expect(lines.map(({ item }) => item)).toEqual(items.map(({ id }) => id));
    const rows = (await readBytes(own.store, toManifestKey(batch, 'csv'))).toString('utf8');
    expect(rows.trimEnd().split('\n')).toHaveLength(items.length + 1);
  });

  it('run again buys nothing, and with ten lines more buys ten', async () => {
    const more = toItems(batch, 50);
    const again = await own.batches.start(items, { id: batch, window: WINDOW });
    expect(await readAll(again.results())).toHaveLength(40);
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));

    const third = await own.batches.start(more, { id: batch, window: WINDOW });
    expect(await readAll(third.results())).toHaveLength(50);

    expect(countCreates(installation, more)).toEqual(more.map(() => 1));
    expect(await readManifest(batch)).toHaveLength(50);
  }, 90_000);
});

describe('a batch that is disturbed', () => {
  it('of which a page is terminated by hand starts it again, and every item is bought once', async () => {
    const batch = 'page-killed';
    const items = toItems(batch, 8);
    const started = await own.batches.start(items, { id: batch, window: 4 });
    await until('jobs', () => installation.creates(items[2]?.request.prompt ?? '').length > 0);
    const { temporal } = installation.access;
    const { runId } = await temporal.workflow.getHandle(toBatchWorkflowId(batch)).describe();
    const page = toPageWorkflowId(toBatchWorkflowId(batch), runId, 0);
    await temporal.workflow.getHandle(page).terminate('by hand');

    const results = await readAll(started.results());

    expect(results.map(({ status }) => status)).toEqual(items.map(() => 'succeeded'));
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
    const { most } = measureOverlap(await readSpans(installation, batch, items), 4);
    expect(most).toBeLessThanOrEqual(4);
  }, 90_000);

  it('of which the batch itself is terminated lets its jobs go on, and continues when started again', async () => {
    const batch = 'terminated';
    const items = toItems(batch, 10);
    const manifest: ManifestRef = await own.publishPages(batch, items, 3);
    await own.batches.start(manifest, { id: batch, window: 3 });
    await until('jobs', () => installation.creates(items[0]?.request.prompt ?? '').length > 0);
    await installation.access.temporal.workflow
      .getHandle(toBatchWorkflowId(batch))
      .terminate('by hand');

    const again = await own.batches.start(manifest, { id: batch, window: 3 });

    expect(await readAll(again.results())).toHaveLength(10);
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
  }, 90_000);

  it('by a worker that is killed again and again buys every item once [C14]', async () => {
    const batch = 'worker-killed';
    const items = toItems(batch, 16);
    const manifest = await own.publishPages(batch, items, 5);
    const started = await own.batches.start(manifest, { id: batch, window: 6 });
    for (const item of [items[3], items[9]]) {
      await until('a task and no create on its way', () => isQuietAfter(batch, item?.id), 60_000);
      await worker.kill();
      worker = await installation.startWorker();
    }

    const results = await readAll(started.results());

    expect(results.map(({ status }) => status)).toEqual(items.map(() => 'succeeded'));
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
  }, 150_000);
});
