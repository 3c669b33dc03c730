import { WRITE_LOCK } from '../../../src/ledger/postgres.ts';
import { ARM_FACTS, openRequest } from '../../contract/suites/ledger/ledger-under-test.ts';
import { PostgresLedgers } from '../../installation/postgres-ledgers.ts';
import { until } from '../../installation/until.ts';

/** Long enough for a loaded machine to answer, short enough to wait for in vain. */
const SHORT_WAIT_MS = 1_500;
/** What the machine may add to a wait; the default wait is longer than both. */
const SLACK_MS = 8_000;

let place: PostgresLedgers;
beforeAll(async () => {
  place = await PostgresLedgers.start();
});
afterAll(() => place.server.close());
afterEach(() => place.clear());

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('several connections to one database', () => {
  it('that open a new ledger at once all find it ready', async () => {
    const ledgers = await Promise.all(range(6).map(() => place.open()));

    await ledgers[0]!.openJob(openRequest());

    expect(await ledgers[5]!.placesTaken('main')).toBe(1);
  });

  it.each(['read committed', 'repeatable read', 'serializable'])(
    'that race for ten places under %s admit exactly ten',
    async (isolation) => {
      const parameter = encodeURIComponent(
        `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`,
      );
      const address = `${place.url}?options=${parameter}`;
      const ledgers = [await place.open(address), await place.open(address)];

      const admissions = await Promise.all(
        range(32).map((index) =>
          ledgers[index % 2]!.openJob(openRequest({ jobId: `job-${index}`, places: 10 })),
        ),
      );

      const kinds = admissions.map((admission) => admission.kind);
      expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(10);
      expect(kinds.filter((kind) => kind === 'full')).toHaveLength(22);
    },
  );

  it('that arm one submission at once give one permission', async () => {
    const [first, second] = [await place.open(), await place.open()];
    await first.openJob(openRequest());
    const one = { jobId: 'job-1', number: 1 };

    const answers = await Promise.all([
      first.arm(one, { ...ARM_FACTS, worker: 'worker-1' }),
      second.arm(one, { ...ARM_FACTS, worker: 'worker-2' }),
    ]);

    expect(answers.map((answer) => answer.kind).sort()).toEqual(['armed', 'refused']);
  });
});

describe('contention', () => {
  it('that the server ends as a deadlock is waited out', async () => {
    const ledger = await place.open(`${place.url}?options=-c%20deadlock_timeout%3D20ms`);
    const [first, second] = [await place.connectRaw(), await place.connectRaw()];
    await first.query('begin; lock table jobs');
    await second.query("set deadlock_timeout = '1min'; begin; lock table submissions");
    const opening = ledger.openJob(openRequest());
    await until('the ledger to wait for the jobs', () => place.isWaiting('pollux'));
    const deadlock = second.query(`select pg_advisory_xact_lock(${WRITE_LOCK})`);
    await until('the other to wait for the ledger', () => place.isWaiting(''));

    await first.query('rollback');
    await deadlock;
    await second.query('rollback');

    expect((await opening).kind).toBe('admitted');
  });

  it('that the server ends as a serialization failure is waited out', async () => {
    const ledger = await place.open();
    await place.query(`create sequence tries;
       create function fail_twice() returns trigger language plpgsql as $$ begin
         if nextval('tries') <= 2 then raise exception using errcode = '40001'; end if;
         return new;
       end $$;
       create trigger fail_twice before insert on entries for each row execute function fail_twice()`);

    expect((await ledger.openJob(openRequest())).kind).toBe('admitted');
    expect(await ledger.entries('job-1')).toHaveLength(1);
  });

  it('for the lock of another process is ledger.unavailable once the wait is over', async () => {
    const ledger = await place.open(place.url, SHORT_WAIT_MS);
    const other = await place.connectRaw();
    await other.query(`select pg_advisory_lock(${WRITE_LOCK})`);

    const opening = ledger.openJob(openRequest());

    await expect(opening).rejects.toMatchObject({
      code: 'ledger.unavailable',
      details: { sqlState: '55P03' },
    });
    expect(await ledger.placesTaken('main')).toBe(0);
  });

  it('for the lock of a process that migrates is ledger.unavailable once the wait is over', async () => {
    const other = await place.connectRaw();
    await other.query(`select pg_advisory_lock(${WRITE_LOCK})`);

    await expect(place.open(place.url, SHORT_WAIT_MS)).rejects.toMatchObject({
      code: 'ledger.unavailable',
      details: { sqlState: '55P03' },
    });
  });

  it('for the lock of another process ends when that lets go', async () => {
    const ledger = await place.open();
    const other = await place.connectRaw();
    await other.query(`select pg_advisory_lock(${WRITE_LOCK})`);
    const opening = ledger.openJob(openRequest());
    await until('the ledger to wait for the lock', () => place.isWaiting('pollux'));
    await other.query(`select pg_advisory_unlock(${WRITE_LOCK})`);

    expect((await opening).kind).toBe('admitted');
  });
});

describe('a connection', () => {
  it('that breaks while it is idle is replaced', async () => {
    const ledger = await place.open();
    await ledger.openJob(openRequest());

    await place.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pollux'",
    );

    await until('the ledger to use another connection', () =>
      ledger.placesTaken('main').catch(() => undefined),
    );
  });

  it('that breaks in the middle of a transaction is ledger.unavailable and leaves nothing behind', async () => {
    const ledger = await place.open();
    const other = await place.connectRaw();
    await other.query('begin; lock table submissions');
    const opening = ledger.openJob(openRequest());
    const refused = expect(opening).rejects.toMatchObject({ code: 'ledger.unavailable' });
    await until('the ledger to wait for the table', () => place.isWaiting('pollux'));

    await place.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pollux'",
    );

    await refused;
    await other.query('rollback');
    expect(await ledger.job('job-1')).toBeUndefined();
  });

  it('that nothing passes through any more is ledger.unavailable within the wait', async () => {
    const relay = await place.openRelay();
    const ledger = await place.open(relay.url, SHORT_WAIT_MS);
    await ledger.openJob(openRequest());
    relay.cut();
    const startedMs = performance.now();

    await expect(ledger.job('job-1')).rejects.toMatchObject({ code: 'ledger.unavailable' });
    await expect(ledger.openJob(openRequest())).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });

    expect(performance.now() - startedMs).toBeLessThan(2 * SHORT_WAIT_MS + SLACK_MS);
  });

  it('that nothing passes through does not keep the ledger from closing', async () => {
    const relay = await place.openRelay();
    const ledger = await place.open(relay.url);
    await ledger.placesTaken('main');
    relay.cut();
    const startedMs = performance.now();

    await ledger.close();

    expect(performance.now() - startedMs).toBeLessThan(SHORT_WAIT_MS + SLACK_MS);
  });
});

/** What keeps this process alive beside its tests. */
function countSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

describe('a server', () => {
  it('that accepts connections and says nothing is ledger.unavailable within the wait', async () => {
    const relay = await place.openRelay();
    relay.cut();
    const startedMs = performance.now();

    await expect(place.open(relay.url, SHORT_WAIT_MS)).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });

    expect(performance.now() - startedMs).toBeLessThan(SHORT_WAIT_MS + SLACK_MS);
  });

  it('that stands still keeps no connection of a ledger that was closed', async () => {
    const before = countSockets();
    const ledger = await place.open();
    await ledger.placesTaken('main');
    const [backend] = await place.query(
      "select pid from pg_stat_activity where application_name = 'pollux'",
    );
    process.kill(Number(backend!['pid']), 'SIGSTOP');
    try {
      await ledger.close();

      await until('the connection to be gone', () => countSockets() <= before);
    } finally {
      process.kill(Number(backend!['pid']), 'SIGCONT');
    }
  });

  it('that is away is ledger.unavailable, and is used again when it is back', async () => {
    const ledger = await place.open();
    await ledger.openJob(openRequest());

    await place.server.stop('fast');
    try {
      await expect(ledger.job('job-1')).rejects.toMatchObject({ code: 'ledger.unavailable' });
      await expect(place.open()).rejects.toMatchObject({ code: 'ledger.unavailable' });
    } finally {
      await place.server.start();
    }

    expect((await ledger.job('job-1'))?.jobId).toBe('job-1');
  });

  it('without the database is ledger.unavailable and says so', async () => {
    const opening = place.open(place.url.replace(/[^/]+$/, 'nowhere'));

    await expect(opening).rejects.toMatchObject({
      code: 'ledger.unavailable',
      details: { sqlState: '3D000' },
    });
  });

  it('without TLS is not talked to where the URL asks for TLS', async () => {
    await expect(place.open(`${place.url}?sslmode=verify-full`)).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });
  });
});
