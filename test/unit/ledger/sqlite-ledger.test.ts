import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { createSqlLedger } from '../../../src/ledger/sql.ts';
import {
  acceptedJob,
  at,
  openRequest,
  QUOTE,
} from '../../contract/suites/ledger/ledger-under-test.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

let place: TemporaryLedger;
beforeEach(() => {
  place = new TemporaryLedger();
});
afterEach(() => place.remove());

const PAGE_BYTES = 4096;
const PAGE_HEADER_BYTES = 8;
/** First byte of a page that holds rows of a table. */
const TABLE_LEAF = 0x0d;

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('two connections to one file', () => {
  it('that open a new ledger at once both find it ready', async () => {
    const [first, second] = await Promise.all([place.open(), place.open()]);

    await first.openJob(openRequest());

    expect(await second.placesTaken('main')).toBe(1);
  });

  it('that race for ten places with 32 jobs admit exactly ten', async () => {
    const ledgers = [await place.open(), await place.open()];

    const admissions = await Promise.all(
      range(32).map((index) =>
        ledgers[index % 2]!.openJob(openRequest({ jobId: `job-${index}`, places: 10 })),
      ),
    );

    const kinds = admissions.map((admission) => admission.kind);
    expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(10);
    expect(kinds.filter((kind) => kind === 'full')).toHaveLength(22);
    expect(await ledgers[0]!.placesTaken('main')).toBe(10);
  });

  it('that race for a budget that fits ten with 32 jobs admit exactly ten', async () => {
    const ledgers = [await place.open(), await place.open()];
    const limitMicros = (10n * BigInt(QUOTE.micros)).toString();
    const scope = { scope: 'tenant', of: 'acme', per: 'day' } as const;
    const budgets = [{ name: 'acme', ...scope, currency: 'USD', limitMicros }];

    const answers = await Promise.allSettled(
      range(32).map((index) =>
        ledgers[index % 2]!.openJob(
          openRequest({ jobId: `job-${index}`, tenant: 'acme', places: 99, budgets }),
        ),
      ),
    );

    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const answer of answers) {
      if (answer.status === 'fulfilled') continue;
      expect(answer.reason).toMatchObject({ code: 'request.over_budget' });
    }
    expect(await ledgers[0]!.placesTaken('main')).toBe(10);
  });

  it('that arm one submission at once give one permission', async () => {
    const [first, second] = [await place.open(), await place.open()];
    await first.openJob(openRequest());
    const facts = { keyId: 'env:KEY', deadlineAt: at(30), newestKnownTaskId: null, at: at(1) };
    const one = { jobId: 'job-1', number: 1 };

    const answers = await Promise.all([
      first.arm(one, { ...facts, armingId: 'one', worker: 'worker-1' }),
      second.arm(one, { ...facts, armingId: 'two', worker: 'worker-2' }),
    ]);

    expect(answers.map((answer) => answer.kind).sort()).toEqual(['armed', 'refused']);
  });
});

describe('a database that cannot be used', () => {
  it('because another program holds its lock is ledger.unavailable once the wait is over', async () => {
    const ledger = await place.open({ lockWaitMs: 30 });
    place.openRaw().exec('BEGIN EXCLUSIVE');

    await expect(ledger.openJob(openRequest())).rejects.toMatchObject({
      code: 'ledger.unavailable',
      details: { sqliteCode: 5 },
    });
  });

  it('because of a lock is used again when the lock is gone', async () => {
    const ledger = await place.open();
    const other = place.openRaw();
    other.exec('BEGIN IMMEDIATE');
    const waiting = ledger.openJob(openRequest());
    await setTimeout(30);
    other.exec('COMMIT');

    expect((await waiting).kind).toBe('admitted');
  });

  it('because it is no database is ledger.unavailable', async () => {
    mkdirSync(dirname(place.path));
    writeFileSync(place.path, 'this is a text and not a database'.repeat(100));

    await expect(place.open({ lockWaitMs: 30 })).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });
  });

  it('because its folder cannot be made is ledger.unavailable', async () => {
    writeFileSync(dirname(place.path), 'a file where the folder belongs');

    await expect(place.open({ lockWaitMs: 30 })).rejects.toMatchObject({
      code: 'ledger.unavailable',
    });
  });

  it('because it was closed is ledger.unavailable', async () => {
    const ledger = await place.open();
    await ledger.close();
    await ledger.close();

    await expect(ledger.job('job-1')).rejects.toMatchObject({ code: 'ledger.unavailable' });
  });

  it('because a later release has changed it is config.invalid and names the migration', async () => {
    await (await place.open()).close();
    place
      .openRaw()
      .exec("INSERT INTO kysely_migration VALUES ('0099-later', '2027-01-01T00:00:00.000Z')");

    const opening = place.open();

    await expect(opening).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(opening).rejects.toThrow(/0099-later/);
  });
});

describe('the file', () => {
  it('keeps the book when it is opened again', async () => {
    const first = await place.open();
    await acceptedJob(first);
    const before = await first.submissions('job-1');
    await first.close();

    const second = await place.open();

    expect(await second.submissions('job-1')).toEqual(before);
  });

  it('is readable for its owner only', async () => {
    await place.open();

    expect(statSync(dirname(place.path)).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) {
      expect(statSync(place.path + suffix).mode & 0o777).toBe(0o600);
    }
  });

  it('refuses to change or remove an entry, whoever asks', async () => {
    await (await place.open()).openJob(openRequest());
    const database = place.openRaw();

    expect(() => database.exec('UPDATE entries SET micros = 1')).toThrow(/append-only/);
    expect(() => database.exec('DELETE FROM entries')).toThrow(/append-only/);
    expect(() => database.exec('REPLACE INTO entries SELECT * FROM entries')).toThrow(
      /append-only/,
    );
  });
});

describe('a ledger that is checked', () => {
  it('names the guard of its entries that is gone', async () => {
    const ledger = await place.open();
    place.openRaw().exec('DROP TRIGGER entries_refuse_delete');

    const findings = await ledger.check();

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/entries.*delete/);
  });

  it('names the guard that refuses nothing any more', async () => {
    const ledger = await place.open();
    place
      .openRaw()
      .exec(
        'DROP TRIGGER entries_refuse_update; ' +
          'CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries BEGIN SELECT 1; END',
      );

    const findings = await ledger.check();

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/entries.*update/);
  });

  it.each([
    ['the cells of pages', PAGE_HEADER_BYTES],
    ['whole pages', 0],
  ])('says that its file is damaged where %s are lost, and does not read them', async (_, from) => {
    const first = await place.open();
    for (const index of range(40)) await acceptedJob(first, { jobId: `job-${index}`, places: 99 });
    await first.close();
    damageSubmissions(from);

    const ledger = await place.open();

    const findings = await ledger.check();
    expect(findings).not.toHaveLength(0);
    expect(findings.filter((finding) => finding.includes('\n'))).toEqual([]);
    await expect(ledger.submissions('job-1')).rejects.toMatchObject({
      code: 'ledger.unavailable',
      details: { sqliteCode: 11 },
    });
  });
});

/** Overwrites every page that holds submissions, from a byte on. */
function damageSubmissions(from: number): void {
  place.openRaw().exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(place.path);
  for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
    const page = bytes.subarray(start, start + PAGE_BYTES);
    if (page[0] === TABLE_LEAF && page.includes('task-of-job-')) page.fill(0x5a, from);
  }
  writeFileSync(place.path, bytes);
}

describe('a ledger URL', () => {
  it('of another database is refused without its password', async () => {
    const opening = createSqlLedger({ url: 'mysql://ada:hunter2@db.example.org/pollux' });

    await expect(opening).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(opening).rejects.toThrow(/sqlite:PATH/);
    await expect(opening).rejects.not.toThrow(/hunter2/);
  });

  it.each(['sqlite:', 'sqlite::memory:', 'ledger.db'])('"%s" is refused', async (url) => {
    await expect(createSqlLedger({ url })).rejects.toMatchObject({ code: 'config.invalid' });
  });
});
