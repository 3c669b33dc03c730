import assert from 'node:assert/strict';

import type { Ledger } from '../../../../src/core/ledger.ts';
import type { MoneyDimension, MoneyLine } from '../../../../src/core/money-book.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armedJob,
  at,
  ledgerCases,
  openRequest,
  QUOTE,
  rejected,
  result,
  unknownJob,
} from './ledger-under-test.ts';

const ESTIMATE = { ...QUOTE, estimated: true };
const NEXT_DAY = '2026-11-22T00:00:00.000Z';

/** A ledger with money in every state, of several owners, days and currencies. */
export async function writeManyKinds(ledger: Ledger): Promise<void> {
  await ledger.openJob(openRequest({ jobId: 'reserved', tenant: 'acme' }));
  await unknownJob(ledger, { jobId: 'unknown', tenant: 'acme', batch: 'b-1' });
  const charged = await acceptedJob(ledger, { jobId: 'charged', batch: 'b-1' });
  await ledger.recordCost(charged, { kind: 'charge', quote: QUOTE, reason: 'done' }, NEXT_DAY);
  const estimated = await acceptedJob(ledger, { jobId: 'estimated', model: 'other' });
  await ledger.recordCost(estimated, { kind: 'charge', quote: ESTIMATE, reason: 'done' }, at(5));
  const adjusted = await acceptedJob(ledger, { jobId: 'adjusted' });
  await ledger.recordCost(adjusted, { kind: 'charge', quote: ESTIMATE, reason: 'done' }, at(5));
  await ledger.adjustCost(adjusted, { ...QUOTE, micros: '90000' }, NEXT_DAY);
  const released = await acceptedJob(ledger, { jobId: 'released', account: 'spare' });
  await ledger.recordCost(released, { kind: 'release', quote: QUOTE, reason: 'failed' }, at(5));
  await ledger.openJob(openRequest({ jobId: 'refused' }));
  await ledger.recordOutcome({ jobId: 'refused', number: 1 }, rejected(true), at(3));
  const yuan = { ...QUOTE, currency: 'CNY', micros: '4500000' };
  const chargedInYuan = await acceptedJob(ledger, { jobId: 'yuan' });
  await ledger.recordCost(chargedInYuan, { kind: 'charge', quote: yuan, reason: 'done' }, at(6));
  await writeTakenTask(ledger);
  await ledger.openJob(openRequest({ jobId: 'unpriced', quote: null }));
  await ledger.closeJob('unpriced', result({ jobId: 'unpriced' }), at(9));
}

/** A submission that was charged for a task that turned out to be another one's. */
async function writeTakenTask(ledger: Ledger): Promise<void> {
  const taken = await unknownJob(ledger, { jobId: 'taken' });
  await ledger.recordOutcome(taken, accepted('task-of-both', 'list'), at(3));
  await ledger.recordCost(taken, { kind: 'charge', quote: ESTIMATE, reason: 'done' }, at(4));
  const owner = await armedJob(ledger, { jobId: 'owner' });
  await ledger.recordOutcome(owner, accepted('task-of-both'), NEXT_DAY);
}

function sumOf(lines: readonly MoneyLine[]): readonly string[] {
  const currencies = [...new Set(lines.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const own = lines.filter((line) => line.currency === currency);
    const add = (amount: (line: MoneyLine) => string | number): bigint =>
      own.reduce((sum, line) => sum + BigInt(amount(line)), 0n);
    const sums = [
      add((line) => line.chargedMicros),
      add((line) => line.estimatedMicros),
      add((line) => line.reservedMicros),
      add((line) => line.unknownMicros),
      add((line) => line.charges),
    ];
    return `${currency} ${sums.join(' ')}`;
  });
}

const PARTITIONS: readonly (readonly MoneyDimension[])[] = [
  ['tenant'],
  ['batch'],
  ['account'],
  ['model'],
  ['day'],
  ['month'],
  ['tenant', 'batch', 'account', 'model', 'day'],
];

/** Laws of `summarizeMoney` and `allEntries`. */
export function statementLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'sums over any partition of the entries are the sums of totals over all jobs': async (
      ledger,
    ) => {
      await writeManyKinds(ledger);
      const whole = sumOf(await ledger.summarizeMoney({}, []));

      for (const by of PARTITIONS) equalValues(sumOf(await ledger.summarizeMoney({}, by)), whole);

      const totals = await ledger.totals({});
      equalValues(
        totals.map(
          ({ currency, charged, estimated, reserved, unknown }) =>
            `${currency} ${charged} ${estimated} ${reserved} ${unknown}`,
        ),
        whole.map((line) => line.replace(/ \d+$/, '')),
      );
      equalValues(whole, ['CNY 4500000 0 0 0 1', 'USD 990000 450000 900000 450000 4']);
      equalValues(await ledger.check(), []);
    },

    'days are those of the entries: what was reserved yesterday and charged today moves': async (
      ledger,
    ) => {
      const id = await acceptedJob(ledger);
      await ledger.recordCost(id, { kind: 'charge', quote: QUOTE, reason: 'done' }, NEXT_DAY);

      const lines = await ledger.summarizeMoney({}, ['day']);

      equalValues(
        lines.map((line) => [
          line.group.day,
          line.reservedMicros,
          line.chargedMicros,
          line.charges,
        ]),
        [
          ['2026-11-21', '450000', '0', 0],
          ['2026-11-22', '-450000', '450000', 1],
        ],
      );
    },

    'days of admission keep what a submission stands for, whenever it was booked': async (
      ledger,
    ) => {
      const id = await acceptedJob(ledger);
      await ledger.recordCost(id, { kind: 'charge', quote: QUOTE, reason: 'done' }, NEXT_DAY);

      const lines = await ledger.summarizeMoney({ dated: 'admitted' }, ['day']);
      equalValues(
        lines.map(({ group, chargedMicros, reservedMicros }) => [
          group.day,
          chargedMicros,
          reservedMicros,
        ]),
        [[at(0).slice(0, 10), QUOTE.micros, '0']],
      );
    },

    'groups stand in the order of their dimensions, jobs without an owner as null': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest({ jobId: 'job-1', tenant: 'acme', batch: 'b-1' }));
      await ledger.openJob(openRequest({ jobId: 'job-2', batch: 'b-2' }));
      await ledger.openJob(openRequest({ jobId: 'job-3', tenant: 'acme' }));

      const lines = await ledger.summarizeMoney({}, ['tenant', 'batch']);

      equalValues(
        lines.map(({ group }) => group),
        [
          { tenant: null, batch: 'b-2' },
          { tenant: 'acme', batch: null },
          { tenant: 'acme', batch: 'b-1' },
        ],
      );
    },

    'sums and entries follow the same filter': async (ledger) => {
      await writeManyKinds(ledger);
      const filters = [
        { from: '2026-11-22' },
        { before: '2026-11-22' },
        { tenant: 'acme' },
        { batch: 'b-1', from: '2026-11-22' },
        { account: 'spare' },
        { model: 'other' },
        { currency: 'CNY' },
        { tenant: 'nobody' },
      ];

      for (const filter of filters) {
        let [charged, reserved] = [0n, 0n];
        for await (const entry of ledger.allEntries({ ...filter, currency: 'USD' })) {
          if (entry.kind === 'charge' || entry.kind === 'adjust') charged += BigInt(entry.micros);
          if (entry.kind === 'reserve') reserved += 1n;
        }
        const lines = await ledger.summarizeMoney({ ...filter, currency: 'USD' }, []);
        assert.equal(BigInt(lines[0]?.chargedMicros ?? '0'), charged, JSON.stringify(filter));
        if (reserved > 0n) assert.equal(lines.length, 1, JSON.stringify(filter));
      }
    },

    'all entries come oldest first with whose they are, also when they are many': async (
      ledger,
    ) => {
      const jobs = 260;
      for (let index = 0; index < jobs; index += 1) {
        const jobId = `job-${String(index).padStart(3, '0')}`;
        await ledger.openJob(
          openRequest({ jobId, places: 1000, tenant: 'acme', at: at(index % 60) }),
        );
        await ledger.closeJob(jobId, result({ jobId }), at(index % 60));
      }

      const seen: string[] = [];
      for await (const entry of ledger.allEntries({ tenant: 'acme' })) {
        seen.push(`${entry.at} ${entry.jobId} ${entry.kind} ${entry.account} ${entry.model}`);
      }

      assert.equal(new Set(seen).size, 2 * jobs);
      equalValues(seen, [...seen].sort());
      assert.match(seen[0] ?? '', /job-000 release main wan2\.6-t2v$/);
    },
  });
}
