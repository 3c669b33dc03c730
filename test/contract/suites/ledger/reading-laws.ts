import assert from 'node:assert/strict';

import type { Ledger, StoredRow, SubmissionFilter } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  acceptedJob,
  armedJob,
  at,
  ledgerCases,
  openRequest,
  result,
  unknownJob,
} from './ledger-under-test.ts';

const MANY = 1_100;

async function rowsOf(ledger: Ledger): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const row of ledger.rows()) rows.push(row);
  return rows;
}

/** Laws of the readings that audits and sweeps live on. */
export function readingLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a job keeps what it was started with, and its realm': async (ledger) => {
      const request = openRequest({ tenant: 'acme' });
      await ledger.openJob(request);
      await ledger.openJob(openRequest({ jobId: 'waiting', places: 0 }));

      const job = await ledger.job('job-1');
      equalValues([job?.input, job?.realm], [request.input, 'realm-1']);
      equalValues((await ledger.job('waiting'))?.input, request.input);
      const [listed] = await ledger.jobs({ tenant: 'acme' });
      equalValues(listed, job);
    },

    'submissions of all jobs are listed oldest first, by what the filter names': async (ledger) => {
      await unknownJob(ledger, { jobId: 'late', at: at(3) });
      await acceptedJob(ledger, { jobId: 'early', at: at(1) });
      await armedJob(ledger, { jobId: 'second', account: 'second', at: at(2) });
      await ledger.closeJob('early', result({ jobId: 'early' }), at(9));

      const jobIds = async (filter: SubmissionFilter) =>
        (await ledger.allSubmissions(filter)).map(({ jobId }) => jobId);

      equalValues(await jobIds({}), ['early', 'second', 'late']);
      equalValues(await jobIds({ isOpen: true }), ['second', 'late']);
      equalValues(await jobIds({ isOpen: false }), ['early']);
      equalValues(await jobIds({ states: ['accepted', 'armed'] }), ['early', 'second']);
      equalValues(await jobIds({ states: [] }), []);
      equalValues(await jobIds({ account: 'second' }), ['second']);
      equalValues(await jobIds({ account: 'main', isOpen: true, states: ['unknown'] }), ['late']);
      const [first] = await ledger.allSubmissions({});
      equalValues(first, (await ledger.submissions('early'))[0]);
    },

    'discrepancies are listed oldest first, of one job or of all, and each of them once': async (
      ledger,
    ) => {
      const first = { ...(await acceptedJob(ledger)), kind: 'duration_differs', facts: { s: 5.4 } };
      const second = { ...(await acceptedJob(ledger, { jobId: 'job-2' })), kind: 'odd', facts: {} };

      await ledger.recordDiscrepancy(second, at(5));
      await ledger.recordDiscrepancy(first, at(6));
      await ledger.recordDiscrepancy(second, at(7));

      equalValues(await ledger.discrepancies(), [
        { ...second, at: at(5) },
        { ...first, at: at(6) },
      ]);
      equalValues(await ledger.discrepancies('job-1'), [{ ...first, at: at(6) }]);
    },

    'a job that is closed on an uncharged task leaves a discrepancy': async (ledger) => {
      const id = await acceptedJob(ledger);

      await ledger.closeJob('job-1', result(), at(5));
      await ledger.closeJob('job-1', result(), at(6));

      const kinds = (await ledger.discrepancies('job-1')).map(({ number, kind }) => [number, kind]);
      equalValues(kinds, [[id.number, 'unproved_billing']]);
    },

    'nothing is wrong with a ledger that nobody has damaged': async (ledger) => {
      await acceptedJob(ledger);

      equalValues(await ledger.check(), []);
    },

    'every stored row is shown with its table and its texts': async (ledger) => {
      const id = await acceptedJob(ledger);
      await ledger.recordDiscrepancy({ ...id, kind: 'duration_differs', facts: {} }, at(5));

      const rows = await rowsOf(ledger);

      // Sums that a database keeps of its entries are rows, too, but no record of anything else.
      const tables = rows.map(({ table }) => table).filter((table) => table !== 'daily_money');
      equalValues(tables.sort(), ['discrepancies', 'entries', 'jobs', 'submissions']);
      const submission = rows.find(({ table }) => table === 'submissions');
      for (const text of ['job-1', 'task-of-job-1', 'worker-1', at(30)]) {
        assert.ok(submission?.text.includes(text), `the row shows ${text}`);
      }
      assert.ok(submission?.key.includes('job-1'), 'its key names the job');
    },

    'many rows are shown once each': async (ledger) => {
      for (let index = 0; index < MANY; index += 1) {
        const facts = { jobId: 'job-1', number: 1, kind: `kind-${index}`, facts: {} };
        await ledger.recordDiscrepancy(facts, at(5));
      }

      const keys = (await rowsOf(ledger)).map(({ key }) => key);

      equalValues([keys.length, new Set(keys).size], [MANY, MANY]);
    },
  });
}
