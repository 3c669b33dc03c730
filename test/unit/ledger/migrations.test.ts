import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Ledger } from '../../../src/core/ledger.ts';
import { accepted, at, openRequest } from '../../contract/suites/ledger/ledger-under-test.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

const TABLES = [
  'jobs',
  'submissions',
  'entries',
  'artifacts',
  'orphans',
  'decisions',
  'discrepancies',
] as const;

type Row = Readonly<Record<string, unknown>>;

let place: TemporaryLedger;
beforeEach(() => {
  place = new TemporaryLedger();
  mkdirSync(dirname(place.path));
  const release = readFileSync(join('test', 'fixtures', 'ledger', 'release-0.1.0.sql'), 'utf8');
  place.openRaw().exec(release);
});
afterEach(() => place.remove());

function readRows(): Readonly<Record<string, readonly Row[]>> {
  const database = place.openRaw();
  return Object.fromEntries(
    TABLES.map((table) => [
      table,
      database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all() as Row[],
    ]),
  );
}

async function sourceOf(ledger: Ledger, jobId: string): Promise<unknown> {
  return (await ledger.submissions(jobId))[0]?.source;
}

describe('a ledger that release 0.1.0 wrote', () => {
  it('keeps every row as it was', async () => {
    const before = readRows();

    await place.open();

    const after = readRows();
    for (const table of TABLES) {
      expect(before[table]).not.toHaveLength(0);
      expect(after[table]).toMatchObject(before[table]!);
      expect(after[table]).toHaveLength(before[table]!.length);
    }
  });

  it('is brought to this release once by two processes that open it together', async () => {
    const [first, second] = await Promise.all([place.open(), place.open()]);

    expect(await first.jobs({})).toHaveLength(5);
    expect(await second.jobs({})).toEqual(await first.jobs({}));
  });

  it('still refuses changes of its entries', async () => {
    const ledger = await place.open();

    expect(await ledger.check()).toEqual([]);
    expect(() => place.openRaw().exec('DELETE FROM entries')).toThrow(/append-only/);
  });

  it('says of its tasks where their ids came from', async () => {
    const ledger = await place.open();

    expect(await sourceOf(ledger, 'charged')).toBe('reply');
    expect(await sourceOf(ledger, 'adopted')).toBe('input');
    expect(await sourceOf(ledger, 'unknown')).toBeNull();
  });

  it('keeps its claims on tasks by their sources', async () => {
    const ledger = await place.open();
    const claimer = { jobId: 'unknown', number: 2 };

    const ofReply = await ledger.recordOutcome(claimer, accepted('task-of-charged'), at(9));
    const ofInput = await ledger.recordOutcome(claimer, accepted('task-adopted'), at(9));

    expect([ofReply.kind, ofInput.kind]).toEqual(['taken', 'recorded']);
  });

  it('gets the input of a job when the job is opened again, and keeps it', async () => {
    const ledger = await place.open();
    expect((await ledger.job('adopted'))?.input).toBeNull();

    const request = openRequest({ jobId: 'adopted' });
    await ledger.openJob(request);
    await ledger.openJob({ ...request, input: { request: { model: 'main/other' } } });

    expect((await ledger.job('adopted'))?.input).toEqual(request.input);
  });

  it('gets the input of a job that has ended, too', async () => {
    const ledger = await place.open();

    const request = openRequest({ jobId: 'charged' });
    expect((await ledger.openJob(request)).kind).toBe('ended');

    expect((await ledger.job('charged'))?.input).toEqual(request.input);
  });
});
