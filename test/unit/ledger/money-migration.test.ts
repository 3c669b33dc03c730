import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Kysely, Migrator } from 'kysely';

import type { Ledger } from '../../../src/core/ledger.ts';
import { createTables } from '../../../src/ledger/migrations/0001-initial.ts';
import { addInputsAndSources } from '../../../src/ledger/migrations/0002-inputs-and-sources.ts';
import { addMoneyBook } from '../../../src/ledger/migrations/0003-money.ts';
import { openPostgres } from '../../../src/ledger/postgres.ts';
import { openRequest } from '../../contract/suites/ledger/ledger-under-test.ts';
import { PostgresLedgers } from '../../installation/postgres-ledgers.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

const SCHEMAS = ['release-0.1.0', 'schema-0002', 'schema-0003'] as const;
type Schema = (typeof SCHEMAS)[number];

const PATIENCE = { lockWaitMs: 20_000, patienceMs: 20_000 };

let sqlite: TemporaryLedger;
let postgres: PostgresLedgers;
beforeAll(async () => {
  postgres = await PostgresLedgers.start();
});
afterAll(() => postgres.server.close());
beforeEach(() => {
  sqlite = new TemporaryLedger();
});
afterEach(async () => {
  await sqlite.remove();
  await postgres.clear();
});

function readFixture(schema: Schema): string {
  return readFileSync(join('test', 'fixtures', 'ledger', `${schema}.sql`), 'utf8');
}

async function openOldSqlite(schema: Schema): Promise<Ledger> {
  mkdirSync(dirname(sqlite.path));
  sqlite.openRaw().exec(readFixture(schema));
  return sqlite.open();
}

/** The tables as the migrations of that time make them, with the rows of the file that SQLite had. */
async function openOldPostgres(schema: Schema): Promise<Ledger> {
  const dialect = openPostgres(postgres.url, PATIENCE);
  const database = new Kysely<unknown>({ dialect: dialect.kysely });
  const all = [
    ['0001-initial', { up: () => createTables(database, dialect) }],
    ['0002-inputs-and-sources', { up: () => addInputsAndSources(database, dialect) }],
    ['0003-money', { up: () => addMoneyBook(database, dialect) }],
  ] as const;
  const migrations = Object.fromEntries(all.slice(0, SCHEMAS.indexOf(schema) + 1));
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  await database.destroy();
  if (error !== undefined) throw new Error('the old tables were not made', { cause: error });
  const inserts = readFixture(schema).match(/^INSERT INTO (?!kysely)[^;]*;$/gm) ?? [];
  for (const insert of inserts) await postgres.query(insert);
  return postgres.open();
}

const KINDS = [
  ['SQLite', openOldSqlite],
  ['PostgreSQL', openOldPostgres],
] as const;
const EVERY = KINDS.flatMap(([kind, open]) =>
  SCHEMAS.map((schema) => ({ kind, schema, open: () => open(schema) })),
);

describe.each(EVERY)('a $kind ledger of $schema that is brought to this release', ({ open }) => {
  it('has the sums of the entries that were there', async () => {
    const ledger = await open();

    expect(await ledger.check()).toEqual([]);
    const lines = await ledger.summarizeMoney({}, []);
    const totals = await ledger.totals({});
    expect(
      lines.map((line) => [
        line.currency,
        line.chargedMicros,
        line.estimatedMicros,
        line.reservedMicros,
        line.unknownMicros,
      ]),
    ).toEqual(
      totals.map((one) => [one.currency, one.charged, one.estimated, one.reserved, one.unknown]),
    );
    expect(lines).not.toHaveLength(0);
  });

  it('lists its entries, and takes new ones', async () => {
    const ledger = await open();
    const [unknown] = await ledger.submissions('unknown');
    const entries: string[] = [];
    for await (const { jobId, kind } of ledger.allEntries({})) entries.push(`${jobId} ${kind}`);

    await ledger.recordCost(
      { jobId: 'unknown', number: unknown?.number ?? 1 },
      { kind: 'release', quote: null, reason: 'failed' },
      '2026-11-23T00:00:00.000Z',
    );

    expect(entries).toContain('charged charge');
    expect(await ledger.check()).toEqual([]);
  });
});

describe.each(EVERY)('a $kind ledger of $schema once it is of this release', ({ open }) => {
  it('knows who waits, the budgets of batches and how long tasks take', async () => {
    const ledger = await open();
    const key = { account: 'main', model: 'wan2.6-t2v', variant: '' };
    const observed = { unfinishedSeconds: 1, finishedSeconds: 2 };
    const at = '2026-11-23T00:00:00.000Z';

    await ledger.setBatchBudget('night', { currency: 'USD', limitMicros: '0' }, at);
    await ledger.recordDuration({ jobId: 'charged', number: 1 }, key, observed, at);
    const waiting = { account: 'spare', places: 0, at };
    await ledger.openJob(openRequest({ ...waiting, jobId: 'new-1' }));

    expect(
      await ledger.openJob(openRequest({ ...waiting, jobId: 'new-2', rank: 'batch' })),
    ).toEqual({ kind: 'full', taken: 0, ahead: 1 });
    expect(await ledger.durations(key, 9)).toEqual([observed]);
    await expect(
      ledger.openJob(openRequest({ jobId: 'night/1', batch: 'night', places: 99, at })),
    ).rejects.toMatchObject({ code: 'request.over_budget' });
    expect(await ledger.check()).toEqual([]);
  });
});

it.each(['schema-0002', 'schema-0003'] as const)(
  'finds the figures of a batch in a ledger of %s',
  async (schema) => {
    const ledger = await openOldSqlite(schema);

    expect(await ledger.batchFigures('b-1')).toEqual({
      unknownSubmissions: 1,
      money: [{ currency: 'USD', spent: '450000', reserved: '0', unknown: '450000' }],
    });
  },
);

it('says of a ledger of schema 0002 what it said before, to the micro', async () => {
  const ledger = await openOldSqlite('schema-0002');

  expect(await ledger.summarizeMoney({}, ['day'])).toEqual([
    line('2026-11-21', {
      currency: 'USD',
      charged: 1350000,
      estimated: 1350000,
      reserved: 2700000,
      unknown: 450000,
      charges: 3,
    }),
    line('2026-11-22', { currency: 'CNY', charged: 4500000, charges: 1 }),
    line('2026-11-22', {
      currency: 'USD',
      charged: -360000,
      estimated: -900000,
      reserved: -1800000,
      unknown: 450000,
      charges: 1,
    }),
  ]);
});

interface Sums {
  readonly currency: string;
  readonly charged: number;
  readonly estimated?: number;
  readonly reserved?: number;
  readonly unknown?: number;
  readonly charges: number;
}

function line(
  day: string,
  { currency, charged, estimated = 0, reserved = 0, unknown = 0, charges }: Sums,
) {
  return {
    group: { day },
    currency,
    chargedMicros: String(charged),
    estimatedMicros: String(estimated),
    reservedMicros: String(reserved),
    unknownMicros: String(unknown),
    charges,
  };
}
