import { openRequest } from '../../contract/suites/ledger/ledger-under-test.ts';
import { writeFigures } from '../../installation/figures.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

const WAITERS = 10_000;
const ENDED = 50_000;
const PLACES = 50;
const CALLS = 100;
/** How much longer the answer may take than one about an account of which nobody else wants anything. */
const MOST_TIMES = 5;
const SLACK_MS = 5;
/** A batch's figures come from an index and a few sums. */
const MOST_FIGURES_MS = 3;

const NOW_MS = Date.UTC(2026, 10, 21, 9);
const now = (afterMs: number): string => new Date(NOW_MS + afterMs).toISOString();

let place: TemporaryLedger;
beforeEach(() => {
  place = new TemporaryLedger();
});
afterEach(() => place.remove());

/** A batch of 50,000 jobs that have ended, as many others as have places, and 10,000 that wait. */
async function fill(): Promise<void> {
  await (await place.open()).close();
  place.openRaw().exec(`
    create temp table numbers as
      with recursive counting(n) as (select 1 union all select n + 1 from counting where n < ${ENDED})
      select n from counting;
    create temp table made as
      select 'ended-' || n as job_id, 'night' as batch, '${now(-1000)}' as ended_at, n from numbers
      union all select 'open-' || n, null, null, n from numbers where n <= ${PLACES}
      union all select 'waits-' || n, null, null, n from numbers where n <= ${WAITERS};
    insert into jobs (job_id, request_hash, tenant, batch, account, provider, realm, model,
        current_number, created_at, ended_at)
      select job_id, '${'a'.repeat(64)}', 'tenant-' || (n % 7), batch, 'main', 'nexusflow', 'realm-1',
        'wan2.6-t2v', iif(job_id like 'waits-%', 0, 1), '${now(-9000)}', ended_at from made;
    insert into submissions (job_id, number, account, realm, model, state, created_at, ended_at)
      select job_id, 1, 'main', 'realm-1', 'wan2.6-t2v', iif(n = 7, 'unknown', 'accepted'),
        '${now(-9000)}', ended_at from made where job_id not like 'waits-%';
    insert into waiters (job_id, account, rank, tenant, since, until)
      select job_id, 'main', iif(n % 10 = 0, 'interactive', 'batch'), 'tenant-' || (n % 7),
        strftime('%Y-%m-%dT%H:%M:%fZ', ${NOW_MS / 1000} - n / 1000.0, 'unixepoch'), '${now(600_000)}'
      from made where job_id like 'waits-%';
    insert into daily_money ("view", currency, "day", account, model, tenant, batch, reserved, "unknown",
        charged, estimated, charges)
      select 'admitted', 'USD', '2026-11-21', 'main', 'wan2.6-t2v', 'tenant-' || n, 'batch-' || n,
        0, 0, 450000, 0, 1 from numbers where n <= 5000
      union all
      select 'admitted', 'USD', '2026-11-21', 'main', 'wan2.6-t2v', '', 'night', 0, 0, 22500, 0, 1;`);
}

async function medianMs(calls: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const startedMs = performance.now();
    await call(index);
    times.push(performance.now() - startedMs);
  }
  return times.sort((left, right) => left - right)[Math.floor(calls / 2)] ?? Number.NaN;
}

const figure = (name: string, value: number) => ({
  name,
  value: Number(value.toFixed(2)),
  unit: 'ms',
});

it('a ledger in which 10,000 jobs wait answers each of them, and figures of a batch, at once', async () => {
  await fill();
  const ledger = await place.open();
  const request = (index: number, places: number) =>
    openRequest({
      jobId: `waits-${String(1 + index * 90)}`,
      tenant: `tenant-${String((1 + index * 90) % 7)}`,
      rank: 'batch',
      places,
      typicalSeconds: 120,
      at: now(index),
    });

  const kinds = new Set<string>();
  const alone = await medianMs(CALLS, async (index) => {
    const job = { jobId: `alone-${index}`, account: `spare-${index}` };
    kinds.add((await ledger.openJob({ ...request(index, 0), ...job })).kind);
  });
  const full = await medianMs(CALLS, async (index) => {
    kinds.add((await ledger.openJob(request(index, PLACES))).kind);
  });
  const kept = await medianMs(CALLS, async (index) => {
    kinds.add((await ledger.openJob(request(index, PLACES + 1))).kind);
  });
  const figures = await medianMs(CALLS, () => ledger.batchFigures('night'));

  expect([...kinds]).toEqual(['full']);
  expect(await ledger.batchFigures('night')).toEqual({
    unknownSubmissions: 1,
    money: [{ currency: 'USD', spent: '22500', reserved: '0', unknown: '0' }],
  });
  writeFigures([
    figure('ledger.open_job.full.alone', alone),
    figure('ledger.open_job.full.10000_waiters', full),
    figure('ledger.open_job.kept_for_others.10000_waiters', kept),
    figure('ledger.batch_figures.50000_jobs', figures),
  ]);
  expect(Math.max(full, kept)).toBeLessThan(MOST_TIMES * alone + SLACK_MS);
  expect(figures).toBeLessThan(MOST_FIGURES_MS);
});
