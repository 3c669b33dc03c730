import assert from 'node:assert/strict';

import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armed,
  at,
  ledgerCases,
  openRequest,
  rejected,
  result,
  UNKNOWN,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };
const ARM_FACTS = {
  armingId: 'arming-of-worker-1',
  worker: 'worker-1',
  keyId: 'env:KEY',
  deadlineAt: at(30),
  newestKnownTaskId: null,
  at: at(1),
};

/** Laws of `arm`, `maySend`, `recordOutcome` and `settleSubmission`. */
export function outcomeLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a submission is armed once, even for the worker that armed it': async (ledger) => {
      await ledger.openJob(openRequest());

      const first = await ledger.arm(ONE, ARM_FACTS);
      const second = await ledger.arm(ONE, ARM_FACTS);

      equalValues(first, { kind: 'armed' });
      assert.ok(second.kind === 'refused');
      assert.equal(second.submission?.state, 'armed');
    },

    'of two workers that arm at once one may send': async (ledger) => {
      await ledger.openJob(openRequest());

      const answers = await Promise.all([
        ledger.arm(ONE, ARM_FACTS),
        ledger.arm(ONE, { ...ARM_FACTS, worker: 'worker-2' }),
      ]);

      equalValues(answers.map((answer) => answer.kind).sort(), ['armed', 'refused']);
      const maySend = [
        await ledger.maySend(ONE, 'worker-1'),
        await ledger.maySend(ONE, 'worker-2'),
      ];
      assert.equal(maySend.filter(Boolean).length, 1);
    },

    'a submission that nobody admitted is not armed': async (ledger) => {
      equalValues(await ledger.arm(ONE, ARM_FACTS), {
        kind: 'refused',
        submission: undefined,
      });
      assert.equal(await ledger.maySend(ONE, 'worker-1'), false);
    },

    'a worker may send while its submission is armed, and no longer': async (ledger) => {
      await ledger.openJob(openRequest());
      assert.equal(await ledger.maySend(ONE, 'worker-1'), false);

      await armed(ledger);
      assert.equal(await ledger.maySend(ONE, 'worker-1'), true);
      assert.equal(await ledger.maySend(ONE, 'worker-2'), false);

      await ledger.closeJob('job-1', result(), at(3));
      assert.equal(await ledger.maySend(ONE, 'worker-1'), false);
    },

    'an accepted submission keeps its task, however often it is recorded': async (ledger) => {
      const id = await acceptedJob(ledger);

      const again = await ledger.recordOutcome(id, accepted('task-of-job-1'), at(3));
      const late = await ledger.recordOutcome(id, rejected(true), at(4));

      assert.equal(again.kind, 'kept');
      assert.ok(late.kind === 'kept');
      equalValues([late.submission.state, late.submission.taskId], ['accepted', 'task-of-job-1']);
    },

    'a second task of an accepted submission is an orphan': async (ledger) => {
      const id = await acceptedJob(ledger);

      equalValues(await ledger.recordOutcome(id, accepted('task-2'), at(3)), {
        kind: 'orphaned',
      });
      assert.equal((await ledger.submissions('job-1'))[0]?.taskId, 'task-of-job-1');
    },

    'a late answer for a number that is no longer current is an orphan': async (ledger) => {
      await ledger.openJob(openRequest());
      await ledger.settleSubmission(ONE, at(2));
      await ledger.openJob(openRequest({ number: 2 }));

      const late = await ledger.recordOutcome(ONE, accepted('task-late'), at(3));

      equalValues(late, { kind: 'orphaned' });
      const states = (await ledger.submissions('job-1')).map((row) => row.state);
      equalValues(states, ['rejected', 'admitted']);
    },

    'a task that another submission holds is not given away': async (ledger) => {
      await acceptedJob(ledger);
      await ledger.openJob(openRequest({ jobId: 'job-2' }));
      await armed(ledger, 'job-2');

      const second = { jobId: 'job-2', number: 1 };
      const answer = await ledger.recordOutcome(second, accepted('task-of-job-1'), at(3));

      equalValues(answer, { kind: 'taken', owner: ONE });
      assert.equal((await ledger.submissions('job-2'))[0]?.state, 'armed');
    },

    'the same task id in another realm is another task': async (ledger) => {
      await acceptedJob(ledger);
      await ledger.openJob(openRequest({ jobId: 'job-2', realm: 'realm-2' }));
      await armed(ledger, 'job-2');

      const second = { jobId: 'job-2', number: 1 };
      const answer = await ledger.recordOutcome(second, accepted('task-of-job-1'), at(3));

      equalValues(answer, { kind: 'recorded' });
    },

    'an unknown submission becomes accepted when its task is found': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await ledger.recordOutcome(ONE, UNKNOWN, at(2));

      const found = await ledger.recordOutcome(ONE, accepted(), at(3));

      equalValues(found, { kind: 'recorded' });
      assert.equal((await ledger.submissions('job-1'))[0]?.state, 'accepted');
    },

    'an unknown outcome is kept with its evidence and written once': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);

      const first = await ledger.recordOutcome(ONE, UNKNOWN, at(2));
      const second = await ledger.recordOutcome(ONE, UNKNOWN, at(3));

      equalValues([first.kind, second.kind], ['recorded', 'kept']);
      const [row] = await ledger.submissions('job-1');
      assert.equal(row?.evidence?.reason, 'the connection was reset');
    },

    'a late acceptance of a rejected submission is an orphan': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await ledger.recordOutcome(ONE, rejected(false), at(2));

      const late = await ledger.recordOutcome(ONE, accepted('task-late'), at(3));

      equalValues(late, { kind: 'orphaned' });
      assert.equal((await ledger.submissions('job-1'))[0]?.state, 'rejected');
    },

    'a final rejection frees the place and releases the money': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);

      await ledger.recordOutcome(ONE, rejected(true), at(2));

      assert.equal(await ledger.placesTaken('main'), 0);
      const [totals] = await ledger.totals({});
      assert.equal(totals?.reserved, '0');
    },

    'a rejection that may pass keeps place and reservation for the next number': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);

      await ledger.recordOutcome(ONE, rejected(false), at(2));

      assert.equal(await ledger.placesTaken('main'), 1);
      assert.equal((await ledger.totals({}))[0]?.reserved, '450000');
    },

    'settling an admitted submission closes the door for late workers': async (ledger) => {
      await ledger.openJob(openRequest());

      const settled = await ledger.settleSubmission(ONE, at(2));
      const late = await ledger.arm(ONE, ARM_FACTS);

      equalValues([settled.state, settled.error?.details], ['rejected', { reason: 'not_sent' }]);
      assert.equal(late.kind, 'refused');
    },

    'settling a missing submission closes the door, and the next number needs a place': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest({ places: 0 }));

      const settled = await ledger.settleSubmission(ONE, at(2));
      const next = await ledger.openJob(openRequest({ number: 2, places: 0 }));
      const later = await ledger.openJob(openRequest({ number: 2, places: 1 }));

      assert.equal(settled.state, 'rejected');
      assert.equal((await ledger.arm(ONE, ARM_FACTS)).kind, 'refused');
      equalValues(next, { kind: 'full', taken: 0, ahead: 0 });
      assert.equal(later.kind, 'admitted');
    },

    'an attempt that did not arm the submission proves nothing about it': async (ledger) => {
      await ledger.openJob(openRequest());
      await ledger.arm(ONE, ARM_FACTS);

      const other = { ...rejected(false), armingId: 'arming-of-nobody' };
      const kept = await ledger.recordOutcome(ONE, other, at(2));
      const own = { ...rejected(false), armingId: ARM_FACTS.armingId };
      const recorded = await ledger.recordOutcome(ONE, own, at(3));

      assert.ok(kept.kind === 'kept');
      assert.equal(kept.submission.state, 'armed');
      equalValues(recorded, { kind: 'recorded' });
    },

    'an armed submission is settled as unknown at its deadline, not before': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);

      const before = await ledger.settleSubmission(ONE, at(29));
      const after = await ledger.settleSubmission(ONE, at(30));
      const again = await ledger.settleSubmission(ONE, at(31));

      equalValues([before.state, after.state], ['armed', 'unknown']);
      equalValues(again, after);
      assert.equal((await ledger.totals({}))[0]?.unknown, '450000');
    },

    'settling keeps an outcome': async (ledger) => {
      const id = await acceptedJob(ledger);

      assert.equal((await ledger.settleSubmission(id, at(40))).state, 'accepted');
    },

    'a submission of a job that was never opened is a conflict': async (ledger) => {
      await rejectsWith(ledger.settleSubmission(ONE, at(2)), 'ledger.conflict');
      await rejectsWith(ledger.recordOutcome(ONE, accepted(), at(2)), 'ledger.conflict');
      await rejectsWith(ledger.closeJob('job-1', result(), at(2)), 'ledger.conflict');
    },
  });
}
