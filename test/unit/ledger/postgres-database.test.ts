import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSqlLedger } from '../../../src/ledger/sql.ts';
import {
  accepted,
  acceptedJob,
  ARM_FACTS,
  at,
  openRequest,
} from '../../contract/suites/ledger/ledger-under-test.ts';
import { GUARDED_ROLE } from '../../installation/postgres.ts';
import { PostgresLedgers } from '../../installation/postgres-ledgers.ts';

let place: PostgresLedgers;
beforeAll(async () => {
  place = await PostgresLedgers.start();
});
afterAll(() => place.server.close());
afterEach(() => place.clear());

describe('a password', () => {
  const PASSWORD = 'hunter2-of-the-ledger';
  let guardedUrl: string;
  beforeEach(async () => {
    await place.query(`create role ${GUARDED_ROLE} login superuser password '${PASSWORD}'`);
    place.whenCleared(() =>
      place.query(`drop owned by ${GUARDED_ROLE}; drop role ${GUARDED_ROLE}`),
    );
    guardedUrl = place.url.replace(/\/\/[^@]+@/, `//${GUARDED_ROLE}@`);
  });
  afterEach(() => {
    delete process.env['PGPASSWORD'];
    delete process.env['PGPASSFILE'];
  });

  it('is taken from the URL', async () => {
    const ledger = await place.open(guardedUrl.replace('@', `:${PASSWORD}@`));

    expect(await ledger.placesTaken('main')).toBe(0);
  });

  it('is taken from PGPASSWORD', async () => {
    process.env['PGPASSWORD'] = PASSWORD;

    const ledger = await place.open(guardedUrl);

    expect(await ledger.placesTaken('main')).toBe(0);
  });

  it('is taken from a password file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pollux-password-'));
    place.whenCleared(() => rm(folder, { recursive: true }));
    const file = join(folder, 'pgpass');
    await writeFile(file, `*:*:*:${GUARDED_ROLE}:${PASSWORD}\n`, { mode: 0o600 });
    process.env['PGPASSFILE'] = file;

    const ledger = await place.open(guardedUrl);

    expect(await ledger.placesTaken('main')).toBe(0);
  });

  it('that is missing is ledger.unavailable', async () => {
    await expect(place.open(guardedUrl)).rejects.toMatchObject({ code: 'ledger.unavailable' });
  });

  it('that is wrong is in no message', async () => {
    const error: unknown = await place
      .open(guardedUrl.replace('@', ':wrong-hunter2@'))
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'ledger.unavailable', details: { sqlState: '28P01' } });
    expect(String(error) + JSON.stringify(error)).not.toContain('hunter2');
  });

  it.each(['postgres://ada:hunter2@db.example.org', 'postgres://ada:hunt/er2@db/pollux'])(
    'in a URL that cannot be used is in no message',
    async (address) => {
      const opening = createSqlLedger({ url: address });

      await expect(opening).rejects.toMatchObject({ code: 'config.invalid' });
      await expect(opening).rejects.not.toThrow(/hunt/);
    },
  );
});

describe('the database', () => {
  it('keeps the book when it is opened again', async () => {
    const first = await place.open();
    await acceptedJob(first);
    const before = await first.submissions('job-1');
    await first.close();

    expect(await (await place.open()).submissions('job-1')).toEqual(before);
  });

  it('that a later release has changed is config.invalid and names the migration', async () => {
    await (await place.open()).close();
    await place.query(
      "insert into kysely_migration values ('0099-later', '2027-01-01T00:00:00.000Z')",
    );

    const opening = place.open();

    await expect(opening).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(opening).rejects.toThrow(/0099-later/);
  });

  it.each([
    'update entries set micros = 1',
    'delete from entries',
    'truncate entries',
    'truncate jobs cascade',
    'set session_replication_role = replica; delete from entries',
  ])('refuses "%s", whoever asks', async (statement) => {
    await (await place.open()).openJob(openRequest());

    await expect(place.query(statement)).rejects.toThrow(/entries is append-only/);
  });

  it.each([
    'drop trigger entries_refuse_change on entries',
    'alter table entries disable trigger entries_refuse_change',
    'alter table entries enable trigger entries_refuse_change',
    `create or replace function entries_refuse_change() returns trigger language plpgsql
       as $$ begin return null; end $$`,
  ])('tells that its guard is gone after "%s"', async (statement) => {
    const ledger = await place.open();
    expect(await ledger.check()).toEqual([]);

    await place.query(statement);

    expect(await ledger.check()).toEqual([expect.stringMatching(/^entries: the trigger/)]);
  });

  it.each(['synchronous_commit=off', 'default_transaction_read_only=on'])(
    'tells that %s endangers it',
    async (setting) => {
      await (await place.open()).close();
      const ledger = await place.open(`${place.url}?options=-c%20${encodeURIComponent(setting)}`);

      expect(await ledger.check()).toEqual([expect.stringMatching(`^${setting}: `)]);
    },
  );

  it('orders texts by their bytes, whatever its own collation', async () => {
    const ledger = await place.open();
    for (const jobId of ['a-2', 'B', 'a1', 'A_1']) await ledger.openJob(openRequest({ jobId }));

    const jobs = await ledger.jobs({});

    expect(jobs.map(({ jobId }) => jobId)).toEqual(['a1', 'a-2', 'B', 'A_1']);
  });

  it('keeps amounts that a float cannot hold', async () => {
    const micros = '9007199254740993';
    const quote = { ...openRequest().quote!, micros };
    const ledger = await place.open();
    await acceptedJob(ledger, { quote });
    await acceptedJob(ledger, { quote, jobId: 'job-2' });
    await ledger.recordCost(
      { jobId: 'job-1', number: 1 },
      { kind: 'charge', quote, reason: 'succeeded' },
      at(5),
    );

    expect(await ledger.totals({})).toMatchObject([{ charged: micros, reserved: micros, jobs: 2 }]);
  });
});

it('a task that is named with a character which no text may hold is refused, and nothing is written', async () => {
  const ledger = await place.open();
  await ledger.openJob(openRequest());
  await ledger.arm({ jobId: 'job-1', number: 1 }, ARM_FACTS);

  const recording = ledger.recordOutcome(
    { jobId: 'job-1', number: 1 },
    accepted('task-\u0000'),
    at(2),
  );

  await expect(recording).rejects.toMatchObject({ code: 'ledger.conflict' });
  expect((await ledger.submissions('job-1'))[0]?.state).toBe('armed');
});
