import assert from 'node:assert/strict';

import type { Ledger, SubmissionId } from '../../../../src/core/ledger.ts';
import type { Settlement } from '../../../../src/core/money-book.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  at,
  bookOf,
  decision,
  ledgerCases,
  openRequest,
  QUOTE,
  rejected,
  result,
  unknownJob,
} from './ledger-under-test.ts';

const CHARGE: Settlement = { kind: 'charge', micros: '90000' };
const RELEASE: Settlement = { kind: 'release' };

/** A submission that has ended and whose money nobody could tell. */
async function unsettled(ledger: Ledger, jobId = 'job-1'): Promise<SubmissionId> {
  const id = await unknownJob(ledger, { jobId });
  await ledger.closeJob(jobId, result({ jobId }), at(5));
  return id;
}

/** Laws of `settleMoney`. */
export function settlementLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    '[F26] unknown money is settled at what was billed, by a decision': async (ledger) => {
      const id = await unsettled(ledger);

      const settled = await ledger.settleMoney(id, CHARGE, decision('d-1'), at(6));

      assert.ok(settled.kind === 'settled');
      equalValues(
        [settled.cost.micros, settled.cost.currency, settled.cost.state],
        ['90000', 'USD', 'charged'],
      );
      equalValues(await bookOf(ledger, id), ['reserve 450000', 'unknown 450000', 'charge 90000']);
      equalValues(await ledger.decisions(), [
        { ...id, ...decision('d-1'), kind: 'settle', at: at(6) },
      ]);
      const [totals] = await ledger.totals({});
      equalValues([totals?.charged, totals?.unknown], ['90000', '0']);
    },

    '[F26] unknown money that was not billed is released': async (ledger) => {
      const id = await unsettled(ledger);

      const settled = await ledger.settleMoney(id, RELEASE, decision('d-1'), at(6));

      assert.ok(settled.kind === 'settled');
      equalValues([settled.cost.state, settled.cost.micros], ['released', '0']);
      equalValues((await ledger.totals({}))[0]?.unknown, '0');
    },

    'the same decision settles once; with another settlement it is a conflict': async (ledger) => {
      const id = await unsettled(ledger);
      const other = await unsettled(ledger, 'job-2');
      const first = await ledger.settleMoney(id, CHARGE, decision('d-1'), at(6));

      const again = await ledger.settleMoney(id, CHARGE, decision('d-1'), at(7));

      equalValues(again, first);
      const conflicts = [
        ledger.settleMoney(id, { kind: 'charge', micros: '1' }, decision('d-1'), at(7)),
        ledger.settleMoney(id, RELEASE, decision('d-1'), at(7)),
        ledger.settleMoney(other, CHARGE, decision('d-1'), at(7)),
      ];
      for (const conflict of conflicts) await rejectsWith(conflict, 'ledger.conflict');
      equalValues(await bookOf(ledger, id), ['reserve 450000', 'unknown 450000', 'charge 90000']);
    },

    'two decisions that race settle the money once': async (ledger) => {
      const id = await unsettled(ledger);

      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          ledger.settleMoney(id, index % 2 === 0 ? CHARGE : RELEASE, decision(`d-${index}`), at(6)),
        ),
      );

      equalValues(answers.filter(({ kind }) => kind === 'settled').length, 1);
      equalValues([(await bookOf(ledger, id)).length, (await ledger.decisions()).length], [3, 1]);
    },

    'money that is not unknown, or of a submission that has not ended, is not settled': async (
      ledger,
    ) => {
      const open = await unknownJob(ledger);
      const charged = await acceptedJob(ledger, { jobId: 'job-2' });
      await ledger.recordCost(charged, { kind: 'charge', quote: QUOTE, reason: 'done' }, at(4));
      const unpriced = await unknownJob(ledger, { jobId: 'job-3', quote: null });
      await ledger.closeJob('job-3', result({ jobId: 'job-3' }), at(5));

      const answers = [
        await ledger.settleMoney(open, CHARGE, decision('d-1'), at(6)),
        await ledger.settleMoney(charged, RELEASE, decision('d-2'), at(6)),
        await ledger.settleMoney(unpriced, RELEASE, decision('d-3'), at(6)),
      ];

      equalValues(
        answers.map(({ kind }) => kind),
        ['refused', 'refused', 'refused'],
      );
      equalValues(await ledger.decisions(), []);
      const nobody = ledger.settleMoney(
        { jobId: 'absent', number: 1 },
        RELEASE,
        decision('d'),
        at(6),
      );
      await rejectsWith(nobody, 'ledger.conflict');
    },

    'what is no amount is not settled': async (ledger) => {
      const id = await unsettled(ledger);

      for (const micros of ['-1', '1.5', '', '1e3', '9'.repeat(30)]) {
        const call = ledger.settleMoney(id, { kind: 'charge', micros }, decision('d-1'), at(6));
        await rejectsWith(call, 'request.invalid');
      }
      equalValues(await ledger.decisions(), []);
    },

    'a settlement stands against what comes later': async (ledger) => {
      const id = await unsettled(ledger);
      await ledger.settleMoney(id, CHARGE, decision('d-1'), at(6));

      await ledger.recordOutcome(id, rejected(true), at(7));
      const other = await ledger.settleMoney(id, RELEASE, decision('d-2'), at(8));

      equalValues(other.kind, 'refused');
      equalValues((await ledger.totals({}))[0]?.charged, '90000');
    },

    'money of a submission whose task turned out to be another one is settled, too': async (
      ledger,
    ) => {
      const id = await unknownJob(ledger);
      await ledger.recordOutcome(id, accepted('task-1', 'list'), at(3));
      await ledger.openJob(openRequest({ jobId: 'job-2' }));
      await ledger.arm(
        { jobId: 'job-2', number: 1 },
        {
          armingId: 'a-2',
          worker: 'worker-1',
          keyId: 'env:KEY',
          deadlineAt: at(30),
          newestKnownTaskId: null,
          at: at(3),
        },
      );
      await ledger.recordOutcome({ jobId: 'job-2', number: 1 }, accepted('task-1'), at(4));
      await ledger.closeJob('job-1', result(), at(5));

      const settled = await ledger.settleMoney(id, RELEASE, decision('d-1'), at(6));

      equalValues(settled.kind, 'settled');
    },
  });
}
