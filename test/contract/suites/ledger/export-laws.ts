import assert from 'node:assert/strict';

import type { Ledger } from '../../../../src/core/ledger.ts';
import type { ExportedRow } from '../../../../src/core/money-book.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { LedgerUnderTest, OpenLedger } from './ledger-under-test.ts';
import { at, ledgerCases, openRequest } from './ledger-under-test.ts';
import { writeManyKinds } from './statement-laws.ts';

async function exported(ledger: Ledger): Promise<ExportedRow[]> {
  const rows: ExportedRow[] = [];
  for await (const row of ledger.exportRows()) rows.push(row);
  return rows;
}

async function* stream(rows: readonly ExportedRow[]): AsyncGenerator<ExportedRow, void> {
  yield* rows;
}

const DURATION = { account: 'main', model: 'wan2.6-t2v', variant: 'durationSeconds=5' };

/** What a person reads of a ledger. */
async function readingsOf(ledger: Ledger): Promise<readonly unknown[]> {
  const jobs = await ledger.jobs({});
  return [
    jobs,
    await ledger.allSubmissions({}),
    await Promise.all(jobs.map(({ jobId }) => ledger.entries(jobId))),
    await ledger.totals({}),
    await ledger.summarizeMoney({}, ['tenant', 'batch', 'account', 'model', 'day']),
    await ledger.closedMonths(),
    await ledger.decisions(),
    await ledger.discrepancies(),
    await ledger.orphans(),
    [...(await ledger.pauses(at(0)))],
    await ledger.durations(DURATION, 10),
    await ledger.batchBudget('night'),
    await ledger.batchFigures('night'),
    await ledger.check(),
  ];
}

async function fill(ledger: Ledger): Promise<void> {
  await writeManyKinds(ledger);
  await ledger.pauseAccount('main', { reason: 'r', since: at(0), until: at(59) });
  await ledger.recordOrphan(
    { realm: 'r', taskId: 't', account: 'main', model: 'm', estimate: null },
    at(1),
  );
  const observed = { unfinishedSeconds: 4.5, finishedSeconds: 9 };
  await ledger.recordDuration({ jobId: 'j', number: 1 }, DURATION, observed, at(2));
  await ledger.setBatchBudget('night', { currency: 'USD', limitMicros: '900000' }, at(3));
  await ledger.openJob(openRequest({ jobId: 'waits', account: 'spare', places: 0 }));
  await ledger.closeMonth('2026-11', 'ada', '2026-12-01T00:00:00.000Z');
}

/** Laws of `exportRows` and `importRows`; `openOther` is a ledger of another kind. */
export function exportLaws(open: OpenLedger, openOther: OpenLedger): readonly ContractCase[] {
  const withOther = async (work: (other: LedgerUnderTest['ledger']) => Promise<void>) => {
    const { ledger, dispose } = await openOther();
    try {
      await work(ledger);
    } finally {
      await dispose();
    }
  };
  return ledgerCases(open, {
    'an export that is imported into another database reads the same and goes on': async (
      ledger,
    ) => {
      await fill(ledger);
      const rows = await exported(ledger);

      await withOther(async (other) => {
        const written = await other.importRows(stream(rows));

        assert.equal(written, rows.length - 2);
        equalValues(await readingsOf(other), await readingsOf(ledger));
        equalValues(await exported(other), rows);
        await other.openJob(openRequest({ jobId: 'new', account: 'spare' }));
        equalValues(
          (await other.entries('new')).map((entry) => entry.at),
          ['2026-12-01T00:00:00.000Z'],
        );
        equalValues(await other.check(), []);
      });
    },

    'an export holds every table but what is computed anew or is of the moment': async (ledger) => {
      await fill(ledger);

      const stored = new Set<string>();
      for await (const { table } of ledger.rows()) stored.add(table);
      const tables = new Set((await exported(ledger)).map(({ table }) => table));

      assert.ok(stored.has('waiters') && stored.has('durations') && stored.has('batch_budgets'));
      for (const table of ['export', 'end']) tables.delete(table);
      equalValues([...stored].filter((table) => !tables.has(table)).sort(), [
        'daily_money',
        'waiters',
      ]);
    },

    'an export is of one moment, whatever is written while it is read': async (ledger) => {
      await fill(ledger);
      const before = await exported(ledger);

      const during: ExportedRow[] = [];
      for await (const row of ledger.exportRows()) {
        if (during.length === 1) await ledger.openJob(openRequest({ jobId: 'late', at: at(60) }));
        during.push(row);
      }

      equalValues(during, before);
    },

    'a ledger that holds anything is not imported into and stays as it is': async (ledger) => {
      await ledger.openJob(openRequest());
      const rows = await exported(ledger);

      await withOther(async (other) => {
        await other.openJob(openRequest({ jobId: 'job-2', quote: null }));
        const message = await rejectsWith(other.importRows(stream(rows)), 'ledger.conflict');

        assert.match(message, /not empty/);
        equalValues(
          (await other.jobs({})).map(({ jobId }) => jobId),
          ['job-2'],
        );
      });
      await withOther(async (other) => {
        await other.pauseAccount('spare', { reason: 'r', since: at(0), until: at(1) });
        await rejectsWith(other.importRows(stream(rows)), 'ledger.conflict');
      });
    },

    'a ledger that was closed exports nothing': async (ledger) => {
      await ledger.close();

      await rejectsWith(exported(ledger), 'ledger.unavailable');
    },

    'an export of another schema is refused, saying what to do': async (ledger) => {
      const rows = [{ table: 'export', row: { schema: '0009-later' } }];

      const message = await rejectsWith(ledger.importRows(stream(rows)), 'request.invalid');

      assert.match(message, /0009-later.*export it again/);
    },

    'rows that are not a whole export are refused, and nothing of them is written': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest({ tenant: 'acme' }));
      const rows = await exported(ledger);
      const [job] = rows.filter(({ table }) => table === 'jobs');
      assert.ok(job !== undefined);
      const { tenant, ...rest } = job.row;
      assert.equal(tenant, 'acme');
      const changed = (row: ExportedRow): ExportedRow[] =>
        rows.map((one) => (one === job ? row : one));
      const broken = [
        [],
        rows.slice(1),
        rows.slice(0, -1),
        rows.filter(({ table }) => table !== 'entries'),
        [...rows, ...rows.slice(1)],
        changed({ ...job, table: 'kysely_migration' }),
        changed({ ...job, row: rest }),
        changed({ ...job, row: { ...rest, 'tenant"': 'acme' } }),
        changed({ ...job, row: { ...job.row, current_number: 'one' } }),
      ];

      await withOther(async (other) => {
        for (const one of broken) {
          await rejectsWith(other.importRows(stream(one)), 'request.invalid');
        }
        equalValues(await other.jobs({}), []);
        equalValues(await other.summarizeMoney({}, []), []);
        assert.equal(await other.importRows(stream(rows)), rows.length - 2);
      });
    },
  });
}
