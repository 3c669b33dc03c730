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
  decision,
  ledgerCases,
  openRequest,
  QUOTE,
  rejected,
  result,
  UNKNOWN,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };
const DECISION = decision('decision-1');

/** Laws of `openJob`. */
export function admissionLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a new job is admitted with its reservation and one place': async (ledger) => {
      const admission = await ledger.openJob(openRequest());

      assert.equal(admission.kind, 'admitted');
      assert.equal(await ledger.placesTaken('main'), 1);
      const [entry] = await ledger.entries('job-1');
      equalValues([entry?.kind, entry?.micros, entry?.currency], ['reserve', '450000', 'USD']);
      assert.equal((await ledger.job('job-1'))?.currentNumber, 1);
    },

    'opening a job twice admits one submission and reserves once': async (ledger) => {
      const first = await ledger.openJob(openRequest());
      const second = await ledger.openJob(openRequest({ at: at(5) }));

      equalValues(second, first);
      assert.equal((await ledger.entries('job-1')).length, 1);
      assert.equal(await ledger.placesTaken('main'), 1);
    },

    'another request under the same job id is a conflict that names the job and both hashes':
      async (ledger) => {
        await ledger.openJob(openRequest());

        const other = ledger.openJob(openRequest({ requestHash: 'b'.repeat(64) }));
        const message = await rejectsWith(other, 'request.conflict');

        assert.match(message, /job-1.*aaaaaaaa.*bbbbbbbb/);
      },

    'a job without a place is told so, and reserves nothing': async (ledger) => {
      await ledger.openJob(openRequest({ places: 1 }));

      const full = await ledger.openJob(openRequest({ jobId: 'job-2', places: 1 }));

      equalValues(full, { kind: 'full', taken: 1, ahead: 0 });
      equalValues(await ledger.entries('job-2'), []);
      equalValues(await ledger.submissions('job-2'), []);
    },

    'a job that waits for a place is known, so that another request is refused at once': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest({ places: 0 }));

      const other = ledger.openJob(openRequest({ requestHash: 'b'.repeat(64) }));

      await rejectsWith(other, 'request.conflict');
    },

    'a freed place admits the job that was refused': async (ledger) => {
      await ledger.openJob(openRequest({ places: 1 }));
      await ledger.openJob(openRequest({ jobId: 'job-2', places: 1 }));
      await ledger.closeJob('job-1', result(), at(3));

      const admission = await ledger.openJob(openRequest({ jobId: 'job-2', places: 1 }));

      assert.equal(admission.kind, 'admitted');
    },

    'places are counted per account': async (ledger) => {
      await ledger.openJob(openRequest({ places: 1 }));

      const other = openRequest({ jobId: 'job-2', account: 'second', places: 1 });

      assert.equal((await ledger.openJob(other)).kind, 'admitted');
    },

    'the number after a refused submission takes over its place and its reservation': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest({ places: 1 }));
      await armed(ledger);
      await ledger.recordOutcome(ONE, rejected(false), at(2));

      const next = await ledger.openJob(openRequest({ number: 2, places: 1, at: at(3) }));

      assert.equal(next.kind, 'admitted');
      assert.equal(await ledger.placesTaken('main'), 1);
      const [before] = await ledger.submissions('job-1');
      equalValues([before?.endedReason, before?.endedAt], ['resubmitted', at(3)]);
      const kinds = (await ledger.entries('job-1')).map((entry) => `${entry.number} ${entry.kind}`);
      equalValues(kinds, ['1 reserve', '1 release', '2 reserve']);
    },

    'the number after an armed, unknown or accepted submission is not opened': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      const afterArmed = await ledger.openJob(openRequest({ number: 2 }));
      await ledger.recordOutcome(ONE, UNKNOWN, at(2));
      const afterUnknown = await ledger.openJob(openRequest({ number: 2 }));
      await ledger.recordOutcome(ONE, accepted(), at(3));
      const afterAccepted = await ledger.openJob(openRequest({ number: 2 }));

      for (const admission of [afterArmed, afterUnknown, afterAccepted]) {
        assert.ok(admission.kind === 'resumed');
        assert.equal(admission.submission.number, 1);
      }
      assert.equal((await ledger.submissions('job-1')).length, 1);
    },

    'the number after an unknown submission is opened by a decision, and the doubtful money stays':
      async (ledger) => {
        await ledger.openJob(openRequest());
        await armed(ledger);
        await ledger.recordOutcome(ONE, UNKNOWN, at(2));

        const next = await ledger.openJob(
          openRequest({ number: 2, resubmit: DECISION, at: at(3) }),
        );

        assert.ok(next.kind === 'admitted');
        assert.equal(next.submission.number, 2);
        assert.equal(await ledger.placesTaken('main'), 1);
        const [totals] = await ledger.totals({});
        equalValues([totals?.unknown, totals?.reserved], ['450000', '450000']);
      },

    'a number that skips one is refused': async (ledger) => {
      await ledger.openJob(openRequest());

      await rejectsWith(ledger.openJob(openRequest({ number: 3 })), 'ledger.conflict');
    },

    'an older number answers with the current submission': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await ledger.recordOutcome(ONE, rejected(false), at(2));
      await ledger.openJob(openRequest({ number: 2 }));

      const admission = await ledger.openJob(openRequest({ number: 1 }));

      assert.ok(admission.kind === 'admitted');
      assert.equal(admission.submission.number, 2);
    },

    'an ended job answers with its end': async (ledger) => {
      await ledger.openJob(openRequest());
      await ledger.closeJob('job-1', result(), at(9));

      const admission = await ledger.openJob(openRequest());

      equalValues(admission, { kind: 'ended', result: result() });
    },

    'a rerun opens the next number of an ended job once': async (ledger) => {
      const id = await acceptedJob(ledger);
      await ledger.recordCost(id, { kind: 'charge', quote: QUOTE, reason: 'succeeded' }, at(4));
      await ledger.closeJob('job-1', result({ status: 'succeeded' }), at(9));

      const rerun = openRequest({ rerun: DECISION, at: at(10) });
      const first = await ledger.openJob(rerun);
      const second = await ledger.openJob(rerun);

      assert.ok(first.kind === 'admitted');
      assert.equal(first.submission.number, 2);
      equalValues(second, first);
      const job = await ledger.job('job-1');
      equalValues([job?.end, job?.endedAt, job?.result], [null, null, null]);
    },

    'a rerun without a place changes nothing': async (ledger) => {
      await ledger.openJob(openRequest());
      await ledger.closeJob('job-1', result(), at(9));
      await ledger.openJob(openRequest({ jobId: 'job-2' }));

      const rerun = await ledger.openJob(openRequest({ rerun: DECISION, places: 1 }));

      equalValues(rerun, { kind: 'full', taken: 1, ahead: 0 });
      assert.equal((await ledger.job('job-1'))?.end, 'failed');
    },

    'an adopted task is accepted whatever the places': async (ledger) => {
      const { operation, snapshot } = accepted('task-9');
      const adopt = { taskId: 'task-9', operation, snapshot, keyId: 'env:KEY' };

      const admission = await ledger.openJob(openRequest({ adopt, places: 0 }));

      assert.ok(admission.kind === 'resumed');
      equalValues(
        [admission.submission.state, admission.submission.taskId, admission.submission.operation],
        ['accepted', 'task-9', operation],
      );
    },

    'a task belongs to one job: adopting it again names its owner': async (ledger) => {
      const { operation, snapshot } = accepted('task-9');
      const adopt = { taskId: 'task-9', operation, snapshot, keyId: 'env:KEY' };
      const first = await ledger.openJob(openRequest({ adopt }));

      const same = await ledger.openJob(openRequest({ adopt }));
      const other = ledger.openJob(openRequest({ jobId: 'job-2', adopt }));

      equalValues(same, first);
      assert.match(await rejectsWith(other, 'request.conflict'), /job-1/);
      assert.equal(await ledger.job('job-2'), undefined);
    },
  });
}
