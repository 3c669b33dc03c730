import assert from 'node:assert/strict';

import type { Ledger, ResolutionRecord, SubmissionId } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armedJob,
  at,
  bookOf,
  decision,
  ledgerCases,
  openRequest,
  rejected,
  result,
  submissionOf,
  unknownJob,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };
const ABANDON: ResolutionRecord = { kind: 'abandon' };

function adopt(taskId: string): ResolutionRecord {
  const { operation, snapshot } = accepted(taskId);
  return { kind: 'adopt', taskId, operation, snapshot };
}

/** The decisions as `number kind id`. */
async function decisionsOf(ledger: Ledger): Promise<string[]> {
  return (await ledger.decisions()).map(({ number, kind, id }) => `${number} ${kind} ${id}`);
}

async function resubmitted(ledger: Ledger, id: string, number = 2) {
  return ledger.openJob(openRequest({ number, resubmit: decision(id), at: at(4) }));
}

/** Laws of `resolveSubmission`. */
export function resolutionLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'an operator gives an unknown submission its task, with one decision': async (ledger) => {
      const id = await unknownJob(ledger);

      const first = await ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(3));
      const second = await ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(4));

      equalValues([first, second], [{ kind: 'recorded' }, { kind: 'recorded' }]);
      const row = await submissionOf(ledger, id);
      equalValues(
        [row.state, row.taskId, row.source, row.operation],
        ['accepted', 'task-9', 'operator', { id: 'task-9' }],
      );
      equalValues(await ledger.decisions('job-1'), [
        { ...ONE, ...decision('d-1'), kind: 'adopt', at: at(3) },
      ]);
    },

    'an operator cannot give away a task that another submission holds': async (ledger) => {
      await acceptedJob(ledger);
      const id = await unknownJob(ledger, { jobId: 'job-2' });

      const resolution = adopt('task-of-job-1');
      const answer = await ledger.resolveSubmission(id, resolution, decision('d-1'), at(3));

      equalValues(answer, { kind: 'taken', owner: ONE });
      assert.equal((await submissionOf(ledger, id)).state, 'unknown');
      equalValues(await ledger.decisions(), []);
    },

    'a task that an operator gave goes to the submission whose reply names it': async (ledger) => {
      const id = await unknownJob(ledger);
      await ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(3));
      const other = await armedJob(ledger, { jobId: 'job-2' });

      const answer = await ledger.recordOutcome(other, accepted('task-9'), at(4));

      equalValues(answer, { kind: 'recorded' });
      assert.equal((await submissionOf(ledger, id)).state, 'unknown');
    },

    'an abandoned submission stays unknown and open until its job is closed': async (ledger) => {
      const id = await unknownJob(ledger);

      const answer = await ledger.resolveSubmission(id, ABANDON, decision('d-1'), at(3));
      const before = await submissionOf(ledger, id);
      await ledger.closeJob('job-1', result(), at(4));
      const after = await submissionOf(ledger, id);

      equalValues(answer, { kind: 'recorded' });
      equalValues([before.state, before.endedAt], ['unknown', null]);
      equalValues([after.state, after.endedReason], ['unknown', 'closed']);
      equalValues(await bookOf(ledger, id), ['reserve 450000', 'unknown 450000']);
      equalValues(await decisionsOf(ledger), ['1 abandon d-1']);
    },

    'a decision about a submission that is not unknown is refused, and says what it is': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest({ jobId: 'admitted' }));
      await armedJob(ledger, { jobId: 'armed' });
      await acceptedJob(ledger, { jobId: 'accepted' });
      const refused = await armedJob(ledger, { jobId: 'rejected' });
      await ledger.recordOutcome(refused, rejected(false), at(2));

      for (const jobId of ['admitted', 'armed', 'accepted', 'rejected']) {
        for (const resolution of [adopt('task-9'), ABANDON]) {
          const id = { jobId, number: 1 };
          const answer = await ledger.resolveSubmission(id, resolution, decision('d-1'), at(3));
          assert.ok(answer.kind === 'refused');
          equalValues(answer.submission, await submissionOf(ledger, id));
          assert.equal(answer.submission.state, jobId);
        }
      }
      equalValues(await ledger.decisions(), []);
    },

    'a decision about a number that is no longer current is refused': async (ledger) => {
      const id = await unknownJob(ledger);
      await resubmitted(ledger, 'd-1');

      const answer = await ledger.resolveSubmission(id, adopt('task-9'), decision('d-2'), at(5));

      assert.equal(answer.kind, 'refused');
      equalValues(await decisionsOf(ledger), ['2 resubmit d-1']);
    },

    'a decision about a submission that has ended is refused': async (ledger) => {
      const id = await unknownJob(ledger);
      await ledger.closeJob('job-1', result(), at(4));

      const answer = await ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(5));

      assert.equal(answer.kind, 'refused');
      equalValues(await ledger.decisions(), []);
    },

    'a decision that was written stays recorded, whatever became of the submission': async (
      ledger,
    ) => {
      const id = await unknownJob(ledger);
      await ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(3));
      await ledger.closeJob('job-1', result(), at(4));

      const again = await ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(5));
      const other = await ledger.resolveSubmission(id, adopt('task-9'), decision('d-2'), at(5));

      equalValues([again.kind, other.kind], ['recorded', 'refused']);
      equalValues(await decisionsOf(ledger), ['1 adopt d-1']);
    },

    'of an adoption and a resubmission that race one is written': async (ledger) => {
      const id = await unknownJob(ledger);

      const [resolution, admission] = await Promise.all([
        ledger.resolveSubmission(id, adopt('task-9'), decision('d-1'), at(3)),
        resubmitted(ledger, 'd-2'),
      ]);

      const isAdopted = resolution.kind === 'recorded';
      assert.equal(admission.kind, isAdopted ? 'resumed' : 'admitted');
      assert.equal((await ledger.decisions()).length, 1);
    },

    'the id of a decision stands for one decision': async (ledger) => {
      const first = await unknownJob(ledger);
      const second = await unknownJob(ledger, { jobId: 'job-2' });
      await ledger.resolveSubmission(first, ABANDON, decision('d-1'), at(3));

      const otherKind = ledger.resolveSubmission(first, adopt('task-9'), decision('d-1'), at(4));
      await rejectsWith(otherKind, 'ledger.conflict');
      const otherJob = ledger.resolveSubmission(second, ABANDON, decision('d-1'), at(4));
      await rejectsWith(otherJob, 'ledger.conflict');
      await rejectsWith(resubmitted(ledger, 'd-1'), 'ledger.conflict');

      equalValues(await decisionsOf(ledger), ['1 abandon d-1']);
    },

    'a submission that is not in the ledger cannot be decided about': async (ledger) => {
      const absent: SubmissionId = { jobId: 'absent', number: 1 };
      const answer = ledger.resolveSubmission(absent, ABANDON, decision('d-1'), at(3));

      await rejectsWith(answer, 'ledger.conflict');
    },
  });
}
