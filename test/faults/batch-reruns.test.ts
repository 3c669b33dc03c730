import type { FaultRule } from '../../simulator/index.ts';
import type { BatchHandle } from '../../src/client/batches-types.ts';
import type { BatchItem, BatchState, ItemResult } from '../../src/core/batch.ts';
import { toItemJobId, toWorkflowId } from '../../src/core/keys.ts';
import type { TestBatches } from '../installation/batches.ts';
import { countCreates, openBatches, readAll, toItems } from '../installation/batches.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const DECISION = { author: 'test', reason: 'because' };
/** What one item costs. */
const ITEM_MICROS = 270_000;

let installation: TestInstallation;
let own: TestBatches;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: { forgetful: { provider: 'nexusflow', timing: { taskLifeSeconds: 12 } } },
  });
  own = openBatches(installation);
  await installation.startWorker();
}, 90_000);

afterAll(() => installation.close());

const jobOf = (batch: string, item: BatchItem | undefined): string =>
  toItemJobId(batch, item?.id ?? '');

const refused: FaultRule['fault'] = {
  kind: 'status',
  status: 400,
  body: { error: { message: 'no' } },
};

function strike(
  item: BatchItem | undefined,
  operation: FaultRule['operation'],
  fault: FaultRule['fault'],
  times = 1,
): void {
  installation.simulator.addFaults([
    { operation, match: item?.request.prompt ?? '', times, fault },
  ]);
}

async function untilEnd(batch: BatchHandle): Promise<BatchState> {
  return await until(
    'the end',
    async () => {
      const state = await batch.state();
      return state.finishedAt === null ? undefined : state;
    },
    90_000,
  );
}

async function untilHeld(jobIds: readonly string[]): Promise<void> {
  for (const jobId of jobIds) {
    const job = installation.client.job(jobId);
    const isHeld = (): Promise<boolean> => job.state().then(({ status }) => status === 'held');
    await until(`${jobId} to be held`, () => isHeld().catch(() => false), 60_000);
  }
}

async function abandon(jobId: string): Promise<void> {
  await installation.client.job(jobId).resolve({ kind: 'abandon' }, DECISION);
}

/** Through the command, as an operator does it. */
async function rerun(batch: string, scope: string): Promise<readonly ItemResult[]> {
  const { stdout } = await installation.pollux(
    ...['batch', 'rerun', batch, `--${scope}`, '--author', 'test', '--reason', 'because'],
    '--json',
  );
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ItemResult);
}

const byItem = (results: readonly ItemResult[]): readonly ItemResult[] =>
  [...results].sort((one, other) => (one.item < other.item ? -1 : 1));

const facts = (results: readonly ItemResult[]): readonly unknown[] =>
  byItem(results).map(({ status, error, cost }) => [
    status,
    error?.code ?? null,
    cost?.state ?? null,
  ]);

describe('a batch of which every kind of end is run again in its scope only', () => {
  const batch = 'scopes';
  const items = toItems(batch, 7).map((item, index) =>
    index === 6 ? { ...item, request: { ...item.request, model: 'forgetful/wan2.6-t2v' } } : item,
  );
  const [, refusedItem, failing, unusable, gone, lost, forgotten] = items;
  const lostJob = jobOf(batch, lost);
  const ends = {
    good: ['succeeded', null, 'charged'],
    unusable: ['failed', 'provider.output_invalid', 'charged'],
    gone: ['expired', 'provider.output_expired', 'charged'],
    lost: ['failed', 'provider.submit_unknown', 'unknown'],
    forgotten: ['expired', 'provider.task_expired', 'unknown'],
  } as const;

  beforeAll(async () => {
    strike(refusedItem, 'create', refused);
    strike(failing, 'create', { kind: 'fail_task' });
    strike(unusable, 'file', { kind: 'html' }, 1_000);
    strike(gone, 'file', { kind: 'not_found' }, 1_000);
    strike(lost, 'create', { kind: 'drop_reply' });
    strike(forgotten, 'create', { kind: 'expire_task' });
    await own.batches.start(items, { id: batch, window: 7 });
    await untilHeld([lostJob]);
    await abandon(lostJob);
    await untilEnd(own.batches.get(batch));
    installation.simulator.clearFaults();
  }, 180_000);

  it('ends with every kind of end, after one create each at most', async () => {
    const results = await readAll(own.batches.get(batch).results());

    expect(facts(results)).toEqual([
      ends.good,
      ['failed', 'request.invalid', 'released'],
      ['failed', 'provider.generation_failed', 'released'],
      ends.unusable,
      ends.gone,
      ends.lost,
      ends.forgotten,
    ]);
    expect(countCreates(installation, items)).toEqual([1, 0, 1, 1, 1, 1, 1]);
  });

  it('with --failed submits anew what is proved to cost nothing, and leaves the others their ends', async () => {
    const results = await rerun(batch, 'failed');

    expect(facts(results)).toEqual([
      ...[ends.good, ends.good, ends.good],
      ...[ends.unusable, ends.gone, ends.lost, ends.forgotten],
    ]);
    expect(countCreates(installation, items)).toEqual([1, 1, 2, 1, 1, 1, 1]);
  }, 60_000);

  it('with --downloads fetches the files of what is paid, and buys nothing', async () => {
    const results = await rerun(batch, 'downloads');

    expect(facts(results)).toEqual([
      ...[ends.good, ends.good, ends.good, ends.good, ends.good],
      ...[ends.lost, ends.forgotten],
    ]);
    expect(countCreates(installation, items)).toEqual([1, 1, 2, 1, 1, 1, 1]);
    for (const item of [unusable, gone]) {
      const entries = await installation.ledger.entries(jobOf(batch, item));
      expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
    }
  }, 60_000);

  it('with --expired submits anew what the provider has forgotten', async () => {
    const results = await rerun(batch, 'expired');

    expect(facts(results)).toEqual([
      ...[ends.good, ends.good, ends.good, ends.good, ends.good],
      ...[ends.lost, ends.good],
    ]);
    expect(countCreates(installation, items)).toEqual([1, 1, 2, 1, 1, 1, 2]);
    const submissions = await installation.ledger.submissions(jobOf(batch, forgotten));
    expect(submissions.map(({ number, state }) => [number, state])).toEqual([
      [1, 'accepted'],
      [2, 'accepted'],
    ]);
  }, 60_000);

  it('run again once more in each scope buys nothing', async () => {
    for (const scope of ['failed', 'downloads', 'expired']) await rerun(batch, scope);

    expect(countCreates(installation, items)).toEqual([1, 1, 2, 1, 1, 1, 2]);
  }, 60_000);
});

describe('a batch that its rules stop', () => {
  it('above so many unknown submissions starts nothing more, and ends once those are decided', async () => {
    const batch = 'unknown-above';
    const items = toItems(batch, 6);
    const jobIds = items.slice(0, 2).map((item) => jobOf(batch, item));
    for (const item of items.slice(0, 2)) strike(item, 'create', { kind: 'drop_reply' });
    const handle = await own.batches.start(items, {
      ...{ id: batch, window: 2, stop: { unknownAbove: 1 } },
    });
    await untilHeld(jobIds);
    const isStopping = (state: BatchState): boolean => state.status === 'stopping';
    await until('the rule', async () => isStopping(await handle.state()), 60_000);
    for (const jobId of jobIds) await abandon(jobId);

    const state = await untilEnd(handle);

    expect(state).toMatchObject({
      ...{ status: 'failed', failed: 2, notStarted: 4, succeeded: 0 },
      reason: '2 submissions are unknown, more than 1',
      failures: { 'provider.submit_unknown': 2, 'batch.stopped': 4 },
    });
    expect(countCreates(installation, items)).toEqual([1, 1, 0, 0, 0, 0]);
  }, 120_000);

  it('by the share that failed starts the rest, too, when its failures are run again', async () => {
    const batch = 'share';
    const items = toItems(batch, 60);
    for (const item of items.slice(0, 30)) strike(item, 'create', refused);
    const handle = await own.batches.start(items, {
      ...{ id: batch, window: 4, stop: { failedShare: 0.5 } },
    });
    const stopped = await untilEnd(handle);
    installation.simulator.clearFaults();

    await handle.rerun('failed', DECISION);

    const state = await untilEnd(handle);
    expect(stopped.notStarted).toBeGreaterThan(0);
    expect(stopped.failed + stopped.notStarted + stopped.succeeded).toBe(60);
    expect(stopped.reason).toMatch(/more than the share of 0\.5/);
    expect(state).toMatchObject({ status: 'succeeded', succeeded: 60, reason: null });
    expect(countCreates(installation, items)).toEqual(items.map(() => 1));
  }, 120_000);
});

describe('a batch whose budget holds a part of its items', () => {
  const batch = 'part-budget';
  const items = toItems(batch, 20);
  const toBudget = (count: number): { currency: string; limitMicros: string } => ({
    currency: 'USD',
    limitMicros: String(count * ITEM_MICROS),
  });
  const bought = (): number =>
    countCreates(installation, items).reduce((sum, creates) => sum + creates, 0);

  it('buys these, refuses the others with the reason, and says so at its end', async () => {
    const handle = await own.batches.start(items, { id: batch, window: 5, budget: toBudget(8) });

    expect(await untilEnd(handle)).toMatchObject({
      ...{ status: 'failed', succeeded: 8, failed: 12 },
      failures: { 'request.over_budget': 12 },
    });
    expect(bought()).toBe(8);
    const status = await installation.pollux('batch', 'status', batch);
    expect(status.stdout + status.stderr).toContain('request.over_budget');
  }, 60_000);

  it.each([
    [13, 13],
    [20, 20],
  ])(
    'raised to %d items and run again has bought %d',
    async (held, count) => {
      const handle = own.batches.get(batch);

      await handle.rerun('failed', DECISION, { budget: toBudget(held) });

      expect(await untilEnd(handle)).toMatchObject({ succeeded: count, failed: 20 - count });
      expect(bought()).toBe(count);
    },
    60_000,
  );
});

describe('a batch whose jobs were terminated by hand', () => {
  async function runTerminated(batch: string, items: readonly BatchItem[]): Promise<BatchHandle> {
    const [first] = items;
    strike(first, 'create', { kind: 'stuck_task' });
    const handle = await own.batches.start(items, { id: batch, window: 3 });
    await until('a running task', async () => {
      const [submission] = await installation.ledger.submissions(jobOf(batch, first));
      return submission?.state === 'accepted';
    });
    const workflowId = toWorkflowId(jobOf(batch, first));
    await installation.access.temporal.workflow.getHandle(workflowId).terminate('by hand');
    expect(await untilEnd(handle)).toMatchObject({
      ...{ status: 'failed', succeeded: items.length - 1, failed: 1 },
      failures: { 'ledger.conflict': 1 },
    });
    const [create] = installation.creates(first?.request.prompt ?? '');
    const url = `${installation.simulator.url}/admin/tasks/${create?.taskId ?? ''}/finish`;
    await fetch(url, { method: 'POST' });
    return handle;
  }

  it('finds them ended by the sweep when its manifest is run again, and buys nothing [F24]', async () => {
    const batch = 'swept';
    const items = toItems(batch, 4);
    await runTerminated(batch, items);

    const swept = await installation.pollux('sweep', '--json');
    await installation.client.job(jobOf(batch, items[0])).result();
    const again = await own.batches.start(items, { id: batch, window: 3 });

    expect(JSON.parse(swept.stdout)).toMatchObject({ restarted: { total: 1 } });
    expect(await untilEnd(again)).toMatchObject({ status: 'succeeded', succeeded: 4 });
    expect(countCreates(installation, items)).toEqual([1, 1, 1, 1]);
  }, 90_000);

  it.each(['failed', 'downloads'] as const)(
    'and is run again with --%s before any sweep buys nothing [F24]',
    async (scope) => {
      const batch = `unswept-${scope}`;
      const items = toItems(batch, 4);
      const handle = await runTerminated(batch, items);

      await handle.rerun(scope, DECISION);

      const succeeded = scope === 'failed' ? 4 : 3;
      expect(await untilEnd(handle)).toMatchObject({ succeeded, failed: 4 - succeeded });
      expect(countCreates(installation, items)).toEqual([1, 1, 1, 1]);
    },
    90_000,
  );
});
