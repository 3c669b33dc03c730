import type { Ledger } from '../../src/core/ledger.ts';
import {
  accepted,
  ARM_FACTS,
  armedJob,
  at,
  openRequest,
  QUOTE,
} from '../contract/suites/ledger/ledger-under-test.ts';
import { startAdmitting } from '../installation/admitting-process.ts';
import type { AdmittingProcess } from '../installation/admitting-process.ts';
import { PostgresLedgers } from '../installation/postgres-ledgers.ts';
import type { Relay } from '../installation/relay.ts';
import { until } from '../installation/until.ts';

/** Long enough for a loaded machine to answer, short enough to wait for in vain. */
const SHORT_WAIT_MS = 1_500;
const LONG_WAIT_MS = 20_000;
const ONE = { jobId: 'job-1', number: 1 };

let place: PostgresLedgers;
beforeAll(async () => {
  place = await PostgresLedgers.start();
});
afterAll(() => place.server.close());
afterEach(() => place.clear());

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

async function admitting(prefix: string, jobs: number, places: number): Promise<AdmittingProcess> {
  const requests = range(jobs).map((index) => openRequest({ jobId: `${prefix}-${index}`, places }));
  const admitter = await startAdmitting({
    url: place.url,
    lockWaitMs: LONG_WAIT_MS,
    requests,
  });
  place.whenCleared(() => admitter.kill());
  return admitter;
}

describe('a server that is killed again and again while jobs are admitted', () => {
  const KILLS = 3;
  const WRITERS = 6;
  const WRITES_BETWEEN_KILLS = 30;

  it('loses nothing that was acknowledged, and doubles nothing', async () => {
    const ledger = await place.open();
    const acknowledged: string[] = [];
    const unexpected: unknown[] = [];
    let isOver = false;
    /** Asks for each job until it is told that it is in the book. */
    const writeAll = async (writer: number): Promise<void> => {
      for (let job = 0; !isOver; job += 1) {
        const request = openRequest({ jobId: `job-${writer}-${job}`, places: 100_000 });
        await until('the job to be admitted', () =>
          ledger.openJob(request).catch((error: unknown) => {
            if ((error as { code?: unknown }).code !== 'ledger.unavailable') unexpected.push(error);
            return false as const;
          }),
        );
        acknowledged.push(request.jobId);
      }
    };
    const writing = Promise.all(range(WRITERS).map(writeAll));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = acknowledged.length;
      await until('jobs to be admitted', () => acknowledged.length > before + WRITES_BETWEEN_KILLS);
      await place.server.stop('immediate');
      await place.server.start();
    }
    isOver = true;
    await writing;

    expect(unexpected).toEqual([]);
    const reader = await place.open();
    const jobs = await reader.jobs({});
    expect(new Set(jobs.map(({ jobId }) => jobId))).toEqual(new Set(acknowledged));
    expect(await reader.placesTaken('main')).toBe(acknowledged.length);
    const [totals] = await reader.totals({});
    expect(totals?.reserved).toBe((BigInt(QUOTE.micros) * BigInt(jobs.length)).toString());
  });
});

describe('a commit that the server does not get to answer', () => {
  let relay: Relay;
  let ledger: Ledger;
  let direct: Ledger;
  beforeEach(async () => {
    const opened = await place.openRelay();
    relay = opened;
    ledger = await place.open(opened.url);
    direct = await place.open();
  });

  it('of an admission is ledger.unavailable, and the same admission finds it', async () => {
    relay.breakAt('server', 'COMMIT');

    await expect(ledger.openJob(openRequest())).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });
    expect(await direct.placesTaken('main')).toBe(1);
    expect((await ledger.openJob(openRequest({ at: at(5) }))).kind).toBe('admitted');

    expect(await direct.placesTaken('main')).toBe(1);
    expect(await direct.entries('job-1')).toHaveLength(1);
  });

  it('of a permission to send is ledger.unavailable, and no second permission is given', async () => {
    await direct.openJob(openRequest());
    relay.breakAt('server', 'COMMIT');

    await expect(ledger.arm(ONE, ARM_FACTS)).rejects.toMatchObject({ code: 'ledger.unavailable' });

    expect((await direct.submissions('job-1'))[0]?.state).toBe('armed');
    expect((await ledger.arm(ONE, ARM_FACTS)).kind).toBe('refused');
  });

  it('of an outcome is ledger.unavailable, and the same outcome is kept', async () => {
    await armedJob(direct);
    relay.breakAt('server', 'COMMIT');

    await expect(ledger.recordOutcome(ONE, accepted(), at(2))).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });

    expect((await ledger.recordOutcome(ONE, accepted(), at(3))).kind).toBe('kept');
    expect((await direct.submissions('job-1'))[0]?.taskId).toBe('task-1');
  });

  it('of a charge is ledger.unavailable, and the same charge is booked once', async () => {
    await armedJob(direct);
    await direct.recordOutcome(ONE, accepted(), at(2));
    const charge = { kind: 'charge', quote: QUOTE, reason: 'succeeded' } as const;
    relay.breakAt('server', 'COMMIT');

    await expect(ledger.recordCost(ONE, charge, at(3))).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });
    await ledger.recordCost(ONE, charge, at(4));

    const entries = await direct.entries('job-1');
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
  });

  it('because it never arrived leaves nothing, and the same admission writes it', async () => {
    relay.breakAt('client', 'commit\0');

    await expect(ledger.openJob(openRequest())).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });
    expect(await direct.placesTaken('main')).toBe(0);

    expect((await ledger.openJob(openRequest())).kind).toBe('admitted');
    expect(await direct.entries('job-1')).toHaveLength(1);
  });
});

describe('processes that share a ledger', () => {
  it('admit no more jobs at once than the account has places', async () => {
    const places = 10;
    await place.open();
    const admitters = await Promise.all(
      range(8).map((index) => admitting(`process-${index}`, 6, places)),
    );

    const kinds = (await Promise.all(admitters.map((admitter) => admitter.admit()))).flat();

    expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(places);
    expect(kinds.filter((kind) => kind === 'full')).toHaveLength(8 * 6 - places);
    expect(await (await place.open()).placesTaken('main')).toBe(places);
  });

  it('are not stopped by one that stands still in the middle of a transaction', async () => {
    const ledger = await place.open();
    const requests = [openRequest({ jobId: 'job-stopped', places: 1 })];
    const stopped = await startAdmitting({ url: place.url, lockWaitMs: SHORT_WAIT_MS, requests });
    place.whenCleared(() => stopped.kill());
    const lock = await place.connectRaw();
    await lock.query('begin; lock table submissions');
    const answers = stopped.admit();
    await until('the process to be in the middle of it', () => place.isWaiting('pollux'));
    stopped.suspend();
    await lock.query('rollback');

    const admission = await until('another process to write', () =>
      ledger.openJob(openRequest({ places: 1 })).catch(() => undefined),
    );
    stopped.resume();

    expect(admission.kind).toBe('admitted');
    expect(await answers).toEqual(['ledger.unavailable']);
    expect(await ledger.placesTaken('main')).toBe(1);
  });
});
