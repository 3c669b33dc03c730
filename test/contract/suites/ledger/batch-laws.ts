import assert from 'node:assert/strict';

import { isMediaJobError } from '../../../../src/core/errors.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { Ledger, OpenJobRequest } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  acceptedJob,
  at,
  ledgerCases,
  openRequest,
  QUOTE,
  result,
  unknownJob,
} from './ledger-under-test.ts';

/** Has room for as many jobs at the usual price. */
function roomFor(jobs: number) {
  return { currency: 'USD', limitMicros: (BigInt(QUOTE.micros) * BigInt(jobs)).toString() };
}

async function openItem(ledger: Ledger, jobId: string, changes: Partial<OpenJobRequest> = {}) {
  return ledger.openJob(openRequest({ jobId, batch: 'night', places: 100, ...changes }));
}

async function refusalOf(call: Promise<unknown>): Promise<JsonObject> {
  try {
    await call;
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'request.over_budget') return error.details;
    throw error;
  }
  assert.fail('the call succeeded');
}

/** Laws of the members that know batches. */
export function batchLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'the budget of a batch is read as it was set last, until it is removed': async (ledger) => {
      const readings = [await ledger.batchBudget('night')];
      for (const jobs of [1, 1, 3]) {
        await ledger.setBatchBudget('night', roomFor(jobs), at(jobs));
        readings.push(await ledger.batchBudget('night'));
      }
      await ledger.setBatchBudget('night', null, at(4));
      await ledger.setBatchBudget('night', null, at(4));
      readings.push(await ledger.batchBudget('night'), await ledger.batchBudget('other'));

      equalValues(readings, [null, roomFor(1), roomFor(1), roomFor(3), null, null]);
    },

    'the jobs of a batch are admitted as far as its budget goes, and further once it is raised':
      async (ledger) => {
        await ledger.setBatchBudget('night', roomFor(2), at(0));
        await openItem(ledger, 'night/1');
        await openItem(ledger, 'night/2');

        const details = await refusalOf(openItem(ledger, 'night/3'));

        equalValues(details, {
          budget: 'batch night',
          scope: 'batch',
          of: 'night',
          per: 'ever',
          currency: 'USD',
          limitMicros: '900000',
          spentMicros: '0',
          reservedMicros: '900000',
          unknownMicros: '0',
          askedMicros: '450000',
        });
        assert.equal(await ledger.job('night/3'), undefined);
        await ledger.setBatchBudget('night', roomFor(3), at(1));
        assert.equal((await openItem(ledger, 'night/3')).kind, 'admitted');
        await rejectsWith(openItem(ledger, 'night/4'), 'request.over_budget');
        await ledger.setBatchBudget('night', null, at(2));
        assert.equal((await openItem(ledger, 'night/4')).kind, 'admitted');
      },

    'the budget of a batch limits neither another batch nor another currency': async (ledger) => {
      await ledger.setBatchBudget('night', roomFor(0), at(0));

      const kinds = [
        (await openItem(ledger, 'day/1', { batch: 'day' })).kind,
        (await openItem(ledger, 'single', { batch: null })).kind,
        (await openItem(ledger, 'night/1', { quote: { ...QUOTE, currency: 'CNY' } })).kind,
      ];

      equalValues(kinds, ['admitted', 'admitted', 'admitted']);
    },

    'the budgets of the configuration hold beside that of the batch': async (ledger) => {
      await ledger.setBatchBudget('night', roomFor(5), at(0));
      const total = { name: 'total', scope: 'all', of: null, per: 'ever' } as const;
      const budgets = [{ ...total, ...roomFor(1) }];
      await openItem(ledger, 'night/1', { budgets });

      const details = await refusalOf(openItem(ledger, 'night/2', { budgets }));

      assert.equal(details['budget'], 'total');
    },

    'a job without a price does not fit the budget of its batch': async (ledger) => {
      await ledger.setBatchBudget('night', roomFor(5), at(0));

      const details = await refusalOf(openItem(ledger, 'night/1', { quote: null }));

      equalValues([details['reason'], details['budget']], ['unpriced', 'batch night']);
    },

    'the figures of a batch are its unknown submissions, and its money by currency': async (
      ledger,
    ) => {
      const item = { batch: 'night', places: 100 };
      const charged = await acceptedJob(ledger, { ...item, jobId: 'night/1' });
      const charge = { kind: 'charge', quote: { ...QUOTE, estimated: true }, reason: 'r' } as const;
      await ledger.recordCost(charged, charge, at(4));
      await unknownJob(ledger, { ...item, jobId: 'night/2' });
      const abandoned = await unknownJob(ledger, { ...item, jobId: 'night/3' });
      await ledger.closeJob(abandoned.jobId, result({ jobId: abandoned.jobId }), at(5));
      await openItem(ledger, 'night/4', { quote: { ...QUOTE, currency: 'CNY' } });
      await openItem(ledger, 'night/5', { at: at(86_400) });
      await unknownJob(ledger, { batch: 'day', jobId: 'day/1', places: 100 });

      equalValues(await ledger.batchFigures('night'), {
        unknownSubmissions: 2,
        money: [
          { currency: 'CNY', spent: '0', reserved: '450000', unknown: '0' },
          { currency: 'USD', spent: '450000', reserved: '450000', unknown: '900000' },
        ],
      });
      equalValues(await ledger.batchFigures('none'), { unknownSubmissions: 0, money: [] });
    },
  });
}
