import assert from 'node:assert/strict';

import type { Ledger } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import { acceptedJob, ledgerCases, QUOTE } from './ledger-under-test.ts';

const JANUARY = '2027-01-01T00:00:00.000Z';

/** A job that is admitted and charged at that time. */
async function charged(
  ledger: Ledger,
  jobId: string,
  at: string,
  changes: Partial<typeof QUOTE> = {},
): Promise<void> {
  const quote = { ...QUOTE, ...changes };
  const id = await acceptedJob(ledger, { jobId, quote, at });
  await ledger.recordCost(id, { kind: 'charge', quote, reason: 'done' }, at);
}

async function totalsOf(ledger: Ledger): Promise<string[]> {
  return (await ledger.closedMonths()).map(
    (total) => `${total.month} ${total.currency} ${total.chargedMicros} ${total.entries}`,
  );
}

/** Laws of `closeMonth` and `closedMonths`. */
export function monthLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'closing a month fixes its totals and those of every open month before it': async (ledger) => {
      await charged(ledger, 'job-1', '2026-09-30T23:59:59.999Z');
      await charged(ledger, 'job-2', '2026-11-01T00:00:00.000Z');
      await charged(ledger, 'job-3', '2026-11-30T23:59:59.999Z', { currency: 'CNY', micros: '7' });
      await charged(ledger, 'job-4', '2026-12-01T00:00:00.000Z');

      const totals = await ledger.closeMonth('2026-11', 'ada', JANUARY);

      equalValues(totals[0], {
        month: '2026-09',
        currency: 'USD',
        chargedMicros: '450000',
        entries: 2,
        closedAt: JANUARY,
        author: 'ada',
      });
      const expected = ['2026-09 USD 450000 2', '2026-11 CNY 7 2', '2026-11 USD 450000 2'];
      equalValues(await totalsOf(ledger), expected);
      equalValues(await ledger.closedMonths(), totals);
    },

    'a month is closed once: the second time its totals and author are the first': async (
      ledger,
    ) => {
      await charged(ledger, 'job-1', '2026-11-21T09:00:00.000Z');
      const first = await ledger.closeMonth('2026-11', 'ada', JANUARY);

      const again = await ledger.closeMonth('2026-11', 'bob', '2027-02-01T00:00:00.000Z');
      const earlier = await ledger.closeMonth('2026-10', 'bob', '2027-02-01T00:00:00.000Z');

      equalValues([again, earlier], [first, []]);
    },

    'a month that has not ended is not closed, nor what is no month': async (ledger) => {
      const early = ledger.closeMonth('2026-11', 'ada', '2026-11-30T23:59:59.999Z');
      await rejectsWith(early, 'request.invalid');
      for (const month of ['2026-13', '2026-1', '2026-11-01', '']) {
        await rejectsWith(ledger.closeMonth(month, 'ada', JANUARY), 'request.invalid');
      }

      const exact = await ledger.closeMonth('2026-11', 'ada', '2026-12-01T00:00:00.000Z');
      equalValues(exact, []);
    },

    'what is booked late is dated into the first open month; a closed one keeps its total': async (
      ledger,
    ) => {
      const late = await acceptedJob(ledger, { at: '2026-11-30T23:59:00.000Z' });
      await charged(ledger, 'job-2', '2026-11-30T09:00:00.000Z');
      await ledger.closeMonth('2026-12', 'ada', JANUARY);
      const before = await totalsOf(ledger);

      const charge = { kind: 'charge', quote: QUOTE, reason: 'done' } as const;
      await ledger.recordCost(late, charge, '2026-11-30T23:59:30.000Z');

      const entries = await ledger.entries('job-1');
      equalValues(
        entries.map(({ kind, at }) => `${kind} ${at}`),
        ['reserve 2026-11-30T23:59:00.000Z', `charge ${JANUARY}`],
      );
      equalValues(await totalsOf(ledger), before);
      const months = await ledger.summarizeMoney({}, ['month']);
      equalValues(
        months.map(({ group, chargedMicros }) => [group.month, chargedMicros]),
        [
          ['2026-11', '450000'],
          ['2027-01', '450000'],
        ],
      );
      const next = await ledger.closeMonth('2027-01', 'ada', '2027-02-01T00:00:00.000Z');
      equalValues(next.at(-1)?.chargedMicros, '450000');
    },

    'a month without an entry closes, too: nothing is dated into it afterwards': async (ledger) => {
      equalValues(await ledger.closeMonth('2026-11', 'ada', JANUARY), []);

      await charged(ledger, 'job-1', '2026-11-21T09:00:00.000Z');

      const [first] = await ledger.entries('job-1');
      assert.equal(first?.at, '2026-12-01T00:00:00.000Z');
      equalValues(await ledger.check(), []);
    },
  });
}
