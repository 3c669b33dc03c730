import assert from 'node:assert/strict';

import type { Ledger, ResolutionRecord } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armed,
  at,
  bookOf,
  decision,
  ledgerCases,
  openRequest,
  QUOTE,
  result,
  submissionOf,
  UNKNOWN,
  unknownJob,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };
const ABANDON: ResolutionRecord = { kind: 'abandon' };

/** The decisions as `number kind id`. */
async function decisionsOf(ledger: Ledger): Promise<string[]> {
  return (await ledger.decisions()).map(({ number, kind, id }) => `${number} ${kind} ${id}`);
}

async function resubmitted(ledger: Ledger, id: string, number = 2) {
  return ledger.openJob(openRequest({ number, resubmit: decision(id), at: at(4) }));
}

async function endedJob(ledger: Ledger): Promise<void> {
  const id = await acceptedJob(ledger);
  await ledger.recordCost(id, { kind: 'charge', quote: QUOTE, reason: 'succeeded' }, at(4));
  await ledger.closeJob('job-1', result({ status: 'succeeded' }), at(5));
}

async function rerun(ledger: Ledger, id: string, number = 1) {
  return ledger.openJob(openRequest({ number, rerun: decision(id), at: at(10) }));
}

/** Laws of `openJob` with a decision: `resubmit` or `rerun`. */
export function decisionLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a decision to resubmit opens the next number over an unknown submission once': async (
      ledger,
    ) => {
      const id = await unknownJob(ledger);

      const first = await resubmitted(ledger, 'd-1');
      const second = await resubmitted(ledger, 'd-1');
      const racing = await resubmitted(ledger, 'd-2');

      assert.ok(first.kind === 'admitted');
      assert.equal(first.submission.number, 2);
      equalValues([second, racing], [first, first]);
      equalValues(await ledger.decisions(), [
        { jobId: 'job-1', number: 2, ...decision('d-1'), kind: 'resubmit', at: at(4) },
      ]);
      const before = await submissionOf(ledger, id);
      equalValues(
        [before.state, before.endedReason, before.endedAt],
        ['unknown', 'resubmitted', at(4)],
      );
      equalValues(await bookOf(ledger, id), ['reserve 450000', 'unknown 450000']);
      assert.equal(await ledger.placesTaken('main'), 1);
    },

    'one decision to resubmit opens one number, also when that is unknown, too': async (ledger) => {
      await unknownJob(ledger);
      await resubmitted(ledger, 'd-1');
      await armed(ledger, 'job-1', 2);
      await ledger.recordOutcome({ jobId: 'job-1', number: 2 }, UNKNOWN, at(5));

      const same = await resubmitted(ledger, 'd-1', 3);
      const other = await resubmitted(ledger, 'd-2', 3);

      assert.ok(same.kind === 'resumed' && other.kind === 'admitted');
      equalValues([same.submission.number, other.submission.number], [2, 3]);
      equalValues((await decisionsOf(ledger)).sort(), ['2 resubmit d-1', '3 resubmit d-2']);
    },

    'a decision to resubmit opens nothing over a submission that is not unknown': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest());
      const overAdmitted = await resubmitted(ledger, 'd-1');
      await armed(ledger);
      const overArmed = await resubmitted(ledger, 'd-1');
      await ledger.recordOutcome(ONE, accepted(), at(2));
      const overAccepted = await resubmitted(ledger, 'd-1');

      equalValues(
        [overAdmitted, overArmed, overAccepted].map((answer) => answer.kind),
        ['admitted', 'resumed', 'resumed'],
      );
      equalValues([await ledger.decisions(), (await ledger.submissions('job-1')).length], [[], 1]);
    },

    'a decision to run a job again opens nothing over an unknown submission': async (ledger) => {
      await unknownJob(ledger);

      const admission = await rerun(ledger, 'd-1', 2);

      assert.ok(admission.kind === 'resumed');
      equalValues([admission.submission.number, await ledger.decisions()], [1, []]);
    },

    'a decision to run an ended job again opens one number, however often it is asked for': async (
      ledger,
    ) => {
      await endedJob(ledger);

      const first = await rerun(ledger, 'd-1');
      const again = [await rerun(ledger, 'd-1', 1), await rerun(ledger, 'd-1', 2)];

      assert.ok(first.kind === 'admitted');
      assert.equal(first.submission.number, 2);
      equalValues(again, [first, first]);
      equalValues(await ledger.decisions(), [
        { jobId: 'job-1', number: 2, ...decision('d-1'), kind: 'rerun', at: at(10) },
      ]);
    },

    'a job that was run again and has ended answers with that end, and runs again by a new decision':
      async (ledger) => {
        await endedJob(ledger);
        await rerun(ledger, 'd-1');
        await ledger.closeJob('job-1', result({ status: 'cancelled' }), at(11));

        const same = await rerun(ledger, 'd-1');
        const other = await rerun(ledger, 'd-2');

        equalValues(same, { kind: 'ended', result: result({ status: 'cancelled' }) });
        assert.ok(other.kind === 'admitted');
        assert.equal(other.submission.number, 3);
        equalValues((await decisionsOf(ledger)).sort(), ['2 rerun d-1', '3 rerun d-2']);
      },

    'decisions are listed oldest first, of one job or of all': async (ledger) => {
      await unknownJob(ledger);
      const second = await unknownJob(ledger, { jobId: 'job-2' });
      await ledger.resolveSubmission(second, ABANDON, decision('d-1'), at(3));
      await resubmitted(ledger, 'd-2');

      equalValues(await decisionsOf(ledger), ['1 abandon d-1', '2 resubmit d-2']);
      equalValues(
        (await ledger.decisions('job-1')).map(({ id }) => id),
        ['d-2'],
      );
    },
  });
}
