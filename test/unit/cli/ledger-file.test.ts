import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Migration } from 'kysely';
import { Kysely, Migrator } from 'kysely';
import { createTables } from '../../../src/ledger/migrations/0001-initial.ts';
import { addInputsAndSources } from '../../../src/ledger/migrations/0002-inputs-and-sources.ts';
import { openSqlite } from '../../../src/ledger/sqlite.ts';
import { interruptedAtOnce, linesOf, MoneyLedger } from './money-ledger.ts';

let here: MoneyLedger;
let there: MoneyLedger;

beforeEach(() => {
  here = new MoneyLedger();
  there = new MoneyLedger();
});

afterEach(async () => {
  await here.close();
  await there.close();
});

async function exportHere(): Promise<readonly string[]> {
  await here.book('a', { tenant: 'acme', end: 'charge', estimated: true });
  await here.book('b', { end: 'unknown', currency: 'CNY' });
  await here.run(['money', 'settle', 'b', '--not-billed', '--reason', 'not on the bill']);
  await here.run(['money', 'close', '2026-06', '--author', 'mona']);
  const { exitCode } = await here.run(['ledger', 'export', 'copy.jsonl']);
  expect(exitCode).toBe(0);
  return readFileSync(here.path('copy.jsonl'), 'utf8').split('\n').slice(0, -1);
}

async function importThere(lines: readonly string[], interrupts = false) {
  writeFileSync(there.path('copy.jsonl'), lines.map((line) => `${line}\n`).join(''));
  const line = ['ledger', 'import', 'copy.jsonl'];
  return await there.run(line, {}, interrupts ? interruptedAtOnce : undefined);
}

async function isEmpty(ledger: MoneyLedger): Promise<boolean> {
  const { out } = await ledger.run(['ledger', 'export']);
  return linesOf(out).length === 3;
}

describe('pollux ledger', () => {
  it.each(['migrate', 'check', 'export', 'import'])('explains %s with examples', async (verb) => {
    const { exitCode, out } = await here.run(['ledger', verb, '--help']);

    expect(exitCode).toBe(0);
    expect(out).toContain('Examples:');
  });
});

describe('pollux ledger export and import', () => {
  it('carry a whole ledger over, row by row', async () => {
    const lines = await exportHere();

    const { exitCode, err } = await importThere(lines);

    expect(exitCode).toBe(0);
    expect(err).toMatch(new RegExp(`^imported ${lines.length - 3} rows into sqlite:`));
    const again = await there.run(['ledger', 'export']);
    expect(again.out.split('\n').slice(1, -1)).toEqual(lines.slice(1));
    for (const line of [
      ['money', 'summary', '--by', 'tenant,day', '--json'],
      ['money', 'entries', '--json'],
      ['money', 'discrepancies', '--json'],
      ['money', 'close', '2026-06', '--json'],
    ]) {
      expect((await there.run(line)).out).toBe((await here.run(line)).out);
    }
    expect((await there.run(['ledger', 'check'])).exitCode).toBe(0);
  });

  it('name format, version and schema in the first line', async () => {
    const [head] = await exportHere();

    expect(linesOf(head ?? '')).toEqual([
      {
        ...{
          format: 'pollux-ledger',
          version: 1,
          schema: expect.stringMatching(/^\d{4}-/) as string,
        },
        exportedAt: expect.stringMatching(/Z$/) as string,
      },
    ]);
  });

  it('write a file for its owner alone, and replace one only when told', async () => {
    const lines = await exportHere();
    const path = here.path('copy.jsonl');

    const refused = await here.run(['ledger', 'export', 'copy.jsonl']);
    const kept = readFileSync(path, 'utf8').split('\n')[0];
    const forced = await here.run(['ledger', 'export', 'copy.jsonl', '--force']);

    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(refused.exitCode).toBe(2);
    expect(refused.err).toContain('exists already');
    expect(kept).toBe(lines[0]);
    expect(forced.exitCode).toBe(0);
    expect(readFileSync(path, 'utf8').split('\n')[0]).not.toBe(lines[0]);
    expect(readdirSync(here.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('leave no file where they are interrupted', async () => {
    await here.book('a');

    const { exitCode } = await here.run(['ledger', 'export', 'x.jsonl'], {}, interruptedAtOnce);

    expect(exitCode).toBe(130);
    expect(readdirSync(here.folder).filter((name) => name.includes('x.jsonl'))).toEqual([]);
  });

  it('write nothing where the import is interrupted', async () => {
    const lines = await exportHere();

    const { exitCode, err } = await importThere(lines, true);

    expect(exitCode).toBe(130);
    expect(err).toBe('interrupted; nothing was written\n');
    expect(await isEmpty(there)).toBe(true);
  });

  it.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    ['a file without its end', (lines) => lines.slice(0, -1), 'not a whole export'],
    ['a file without one of its rows', (lines) => lines.toSpliced(-2, 1), 'not a whole export'],
    [
      'a file cut within a line',
      (lines) => [...lines.slice(0, -2), (lines.at(-2) ?? '').slice(0, -5)],
      'must be JSON; the file may have been cut there',
    ],
    ['a file of something else', () => ['{"hello":1}'], 'this is no exported ledger'],
    [
      'a file of a later format',
      (lines) => [(lines[0] ?? '').replace('"version":1', '"version":2'), ...lines.slice(1)],
      'import with the release that exported it',
    ],
    [
      'a file of another schema',
      (lines) => lines.toSpliced(1, 1, '{"table":"export","row":{"schema":"0002-x"}}'),
      'schema',
    ],
    [
      'a row with a number in it',
      (lines) => lines.toSpliced(3, 0, '{"table":"jobs","row":{"job_id":7}}'),
      'line 4 of the file must hold texts and nulls',
    ],
    ['an empty file', () => [], 'not a whole export'],
  ])('take nothing of %s', async (_, change, message) => {
    const lines = await exportHere();

    const { exitCode, err } = await importThere(change(lines));

    expect(err).toContain(message);
    expect(exitCode).toBe(2);
    expect(await isEmpty(there)).toBe(true);
  });

  it('import into an empty ledger only', async () => {
    const lines = await exportHere();
    await there.book('other');

    const { exitCode, err } = await importThere(lines);

    expect(exitCode).toBe(1);
    expect(err).toContain('the ledger is not empty');
    expect(linesOf((await there.run(['money', 'entries', '--json'])).out)).toHaveLength(1);
  });

  it('make no ledger for a file or an export that there is not', async () => {
    const imported = await there.run(['ledger', 'import', 'nothing.jsonl']);
    const exported = await there.run(['ledger', 'export']);

    expect(imported.exitCode).toBe(2);
    expect(imported.err).toContain('is no file');
    expect(exported.exitCode).toBe(2);
    expect(exported.err).toContain('nothing to export');
    expect(existsSync(there.path('ledger.db'))).toBe(false);
  });
});

/** A ledger as an earlier release left it. */
async function makeEarlierLedger(path: string): Promise<void> {
  const dialect = openSqlite(path);
  const database = new Kysely<unknown>({ dialect: dialect.kysely });
  const migrations: Record<string, Migration> = {
    '0001-initial': { up: (transaction) => createTables(transaction, dialect) },
    '0002-inputs-and-sources': { up: (transaction) => addInputsAndSources(transaction, dialect) },
  };
  const provider = { getMigrations: async () => migrations };
  try {
    const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
    if (error !== undefined) throw new Error('the earlier ledger was not made', { cause: error });
  } finally {
    await database.destroy();
  }
}

describe('pollux ledger migrate', () => {
  it('makes a ledger, and changes nothing the second time', async () => {
    const first = await here.run(['ledger', 'migrate', '--json']);
    const second = await here.run(['ledger', 'migrate', '--json']);

    const [made] = linesOf(first.out);
    expect(made).toMatchObject({ from: null, to: expect.stringMatching(/^\d{4}-/) as string });
    expect(linesOf(second.out)).toMatchObject([{ from: made?.['to'], to: made?.['to'] }]);
  });

  it('says from which schema to which', async () => {
    await makeEarlierLedger(here.path('ledger.db'));

    const { exitCode, out } = await here.run(['ledger', 'migrate']);

    expect(exitCode).toBe(0);
    expect(out).toMatch(/is brought from 0002-inputs-and-sources to \d{4}-/);
    expect((await here.run(['ledger', 'migrate'])).out).toMatch(/ is at \d{4}-\S+ already\n$/);
  });
});

describe('pollux ledger check', () => {
  it('finds a guard against changes that is gone', async () => {
    await here.book('a');
    const sound = await here.run(['ledger', 'check']);
    const database = new DatabaseSync(here.path('ledger.db'));
    const guards = database.prepare("select name from sqlite_master where type = 'trigger'").all();
    for (const { name } of guards as { name: string }[]) database.exec(`drop trigger "${name}"`);
    database.close();

    const { exitCode, out } = await here.run(['ledger', 'check', '--json']);

    expect(sound.exitCode).toBe(0);
    expect(exitCode).toBe(1);
    const [{ findings } = { findings: [] }] = linesOf(out) as { findings: string[] }[];
    expect(findings.join('\n')).toContain('entries');
  });
});
