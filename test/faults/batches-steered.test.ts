import type { BatchItem, BatchState, ItemResult } from '../../src/core/batch.ts';
import { toItemJobId, toWorkflowId } from '../../src/core/keys.ts';
import type { BatchHandle, StartBatchOptions } from '../../src/client/batches-types.ts';
import type { TestBatches } from '../installation/batches.ts';
import { countCreates, openBatches, readAll, toItems } from '../installation/batches.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const DECISION = { author: 'test', reason: 'because' };

let installation: TestInstallation;
let own: TestBatches;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: { cancellable: { provider: 'dieyuyun', currency: 'CNY' } },
  });
  own = openBatches(installation);
  await installation.startWorker();
}, 90_000);

afterAll(() => installation.close());

async function start(
  items: readonly BatchItem[],
  options: StartBatchOptions,
): Promise<BatchHandle> {
  return await own.batches.start(items, options);
}

function holdTasks(batch: string): void {
  installation.simulator.addFaults([
    { operation: 'create', match: batch, times: 1_000, fault: { kind: 'stuck_task' } },
  ]);
}

async function untilState(
  batch: BatchHandle,
  what: string,
  isIt: (state: BatchState) => boolean,
): Promise<BatchState> {
  return await until(
    what,
    async () => {
      const state = await batch.state();
      return isIt(state) ? state : undefined;
    },
    60_000,
  );
}

async function untilEnd(batch: BatchHandle): Promise<BatchState> {
  return await untilState(batch, 'the end', ({ finishedAt }) => finishedAt !== null);
}

const createsOf = (items: readonly BatchItem[]): number =>
  countCreates(installation, items).reduce((sum, one) => sum + one, 0);

/** Items whose tasks never end by themselves, and can be cancelled. */
const toStuckItems = (batch: string, count: number): BatchItem[] =>
  toItems(batch, count).map(({ id, request }) => ({
    id,
    request: { model: 'dieyuyun/gpt-image-2', prompt: request.prompt ?? '' },
  }));

describe('a batch whose jobs end in other ways', () => {
  it('frees the places of jobs that were terminated by hand, and reports them', async () => {
    const items = toItems('by-hand', 8);
    const names = [items[0], items[1]].map((item) => toItemJobId('by-hand', item?.id ?? ''));
    for (const item of items.slice(0, 2)) holdTasks(item.request.prompt ?? '');
    const batch = await start(items, { id: 'by-hand', window: 2 });
    await until('two creates', () => createsOf(items.slice(0, 2)) === 2);
    const { temporal } = installation.access;
    for (const name of names) {
      await temporal.workflow.getHandle(toWorkflowId(name)).terminate('by hand');
    }

    const results = await readAll(batch.results());

    const failed = results.filter(({ status }) => status === 'failed');
    expect(results).toHaveLength(8);
    expect(failed.map(({ jobId }) => jobId).sort()).toEqual(names);
    expect(failed.map(({ error }) => error?.code)).toEqual(['ledger.conflict', 'ledger.conflict']);
    expect(failed.every(({ taskId }) => taskId !== null)).toBe(true);
    expect(await batch.state()).toMatchObject({ status: 'failed', failed: 2, succeeded: 6 });
  }, 90_000);

  it('awaits a job that somebody else has started, and buys nothing for it', async () => {
    const items = toItems('shared', 3);
    const [first] = items;
    await installation.client.start(first?.request ?? { model: '' }, {
      jobId: toItemJobId('shared', first?.id ?? ''),
    });

    const batch = await start(items, { id: 'shared', window: 3 });

    expect(await readAll(batch.results())).toHaveLength(3);
    expect(countCreates(installation, items)).toEqual([1, 1, 1]);
    expect(await batch.state()).toMatchObject({ status: 'succeeded' });
  }, 60_000);

  it('reports an item whose job id stands for another request as a conflict', async () => {
    const items = toItems('taken', 2);
    const job = await installation.client.start(
      { model: 'nexusflow/wan2.6-t2v', prompt: 'another one', durationSeconds: 3 },
      { jobId: toItemJobId('taken', items[0]?.id ?? '') },
    );
    await job.result();

    const batch = await start(items, { id: 'taken', window: 2 });

    const results = await readAll(batch.results());
    expect(results.find(({ item }) => item === items[0]?.id)?.error?.code).toBe('request.conflict');
    expect(countCreates(installation, items)).toEqual([0, 1]);
  }, 60_000);
});

describe('a batch under an operator’s hand', () => {
  it('starts nothing while it is paused, and more at once with a wider window', async () => {
    const items = toStuckItems('steered', 12);
    holdTasks('steered');
    const batch = await start(items, { id: 'steered', window: 2 });
    await until('two creates', () => createsOf(items) === 2);
    await batch.pause(DECISION);
    await batch.change({ window: 6, ...DECISION });
    expect(await batch.state()).toMatchObject({ status: 'paused', window: 6, inFlight: 2 });
    expect(createsOf(items)).toBe(2);
    await batch.resume(DECISION);
    await until('six creates', () => createsOf(items) === 6);

    await batch.cancel({ ...DECISION, jobs: true });

    const state = await untilEnd(batch);
    expect(state).toMatchObject({ status: 'cancelled', cancelled: 6, notStarted: 6, waiting: 0 });
    expect(state.failures).toEqual({ 'batch.stopped': 6 });
    const results = await readAll(batch.results());
    expect(results.map(({ item }) => item).sort()).toEqual(items.map(({ id }) => id));
    expect(createsOf(items)).toBe(6);
  }, 120_000);

  it('cancelled at Temporal starts nothing more, and lets what runs go on to its end', async () => {
    const items = toItems('temporal-cancel', 9);
    const batch = await start(items, { id: 'temporal-cancel', window: 3 });
    await until('a create', () => createsOf(items) >= 3);
    await installation.access.temporal.workflow.getHandle('batch/temporal-cancel').cancel();

    const state = await untilEnd(batch);

    expect(state.status).toBe('cancelled');
    expect(state.succeeded + state.notStarted).toBe(9);
    expect(state.notStarted).toBeGreaterThan(0);
    expect(createsOf(items)).toBe(state.succeeded);
  }, 90_000);

  it('refuses what cannot be: nobody’s decision, no window, a second manifest, an end', async () => {
    const items = toItems('refusals', 2);
    holdTasks('refusals');
    const batch = await start(items, { id: 'refusals', window: 2 });
    await until('two creates', () => createsOf(items) === 2);
    await expect(batch.pause({ author: '', reason: '' })).rejects.toThrow(/author/);
    await expect(batch.change({ window: 0, ...DECISION })).rejects.toThrow(/window/);
    await expect(start(toItems('other', 1), { id: 'refusals' })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    await expect(batch.rerun('failed', DECISION)).rejects.toMatchObject({
      code: 'request.invalid',
    });
    expect(await own.batches.start(items, { id: 'refusals' })).toMatchObject({ attached: true });
    await expect(own.batches.get('nobody').state()).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await installation.access.temporal.workflow.getHandle('batch/refusals').terminate();
    await expect(batch.pause(DECISION)).rejects.toThrow(/refusals has ended at/);
    await expect(own.batches.get('nobody').pause(DECISION)).rejects.toThrow(/no such batch/);
  }, 60_000);
});

describe('a batch with rules', () => {
  it('stops where too many of its items fail, and reports every item', async () => {
    const items = toItems('failing', 60);
    installation.simulator.addFaults([
      {
        operation: 'create',
        match: 'failing',
        times: 1_000,
        fault: { kind: 'status', status: 400, body: { error: { message: 'no' } } },
      },
    ]);
    const batch = await start(items, { id: 'failing', window: 4, stop: { failedShare: 0.5 } });

    const state = await untilEnd(batch);

    expect(state.status).toBe('failed');
    expect(state.reason).toMatch(/have failed/);
    expect(state.notStarted).toBeGreaterThan(0);
    expect(state.failed + state.notStarted).toBe(60);
    const results = await readAll(batch.results());
    expect(results.map(({ provider }) => provider)).toEqual(Array(60).fill('nexusflow'));
    installation.simulator.clearFaults();
  }, 90_000);

  it('runs only the items again that failed and cost nothing', async () => {
    const items = toItems('again', 6);
    const refused = items.slice(0, 2);
    installation.simulator.addFaults(
      refused.map(({ request }) => ({
        operation: 'create',
        match: request.prompt ?? '',
        fault: { kind: 'status', status: 400, body: { error: { message: 'no' } } },
      })),
    );
    const batch = await start(items, { id: 'again', window: 6 });
    expect(await untilEnd(batch)).toMatchObject({ failed: 2, succeeded: 4 });
    await batch.rerun('downloads', DECISION);
    expect(await untilEnd(batch)).toMatchObject({ failed: 2, succeeded: 4, kept: 6 });

    await batch.rerun('failed', DECISION);

    expect(await untilEnd(batch)).toMatchObject({ status: 'succeeded', succeeded: 6, kept: 4 });
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
    const results: readonly ItemResult[] = await readAll(batch.results());
    const again = results.filter(({ submissions }) => submissions === 2);
    expect(again.map(({ item }) => item).sort()).toEqual(refused.map(({ id }) => id));
  }, 90_000);

  it('refuses what its budget does not hold, and with a higher one buys the rest', async () => {
    const items = toItems('budget', 5);
    const budget = { currency: 'USD', limitMicros: '540000' };
    const batch = await start(items, { id: 'budget', window: 5, budget });
    expect(await untilEnd(batch)).toMatchObject({
      ...{ status: 'failed', succeeded: 2, failed: 3 },
      failures: { 'request.over_budget': 3 },
    });
    expect(createsOf(items)).toBe(2);
    expect(await batch.totals()).toMatchObject({
      ...{ items: 5, ended: { succeeded: 2, failed: 3 }, artifacts: 2 },
      failures: [{ code: 'request.over_budget', items: 3 }],
    });

    await batch.rerun('failed', DECISION, { budget: { ...budget, limitMicros: '9000000' } });

    expect(await untilEnd(batch)).toMatchObject({ status: 'succeeded', succeeded: 5 });
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
  }, 90_000);

  it('whose budget is removed buys the rest', async () => {
    const items = toItems('unlimited', 3);
    const budget = { currency: 'USD', limitMicros: '270000' };
    const batch = await start(items, { id: 'unlimited', window: 3, budget });
    expect(await batch.totals()).toBeNull();
    expect(await untilEnd(batch)).toMatchObject({ succeeded: 1, failed: 2 });

    await batch.rerun('failed', DECISION, { budget: null });

    expect(await untilEnd(batch)).toMatchObject({ status: 'succeeded', succeeded: 3 });
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
  }, 90_000);
});
