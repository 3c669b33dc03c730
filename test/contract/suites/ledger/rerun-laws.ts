import assert from 'node:assert/strict';

import type { Artifact } from '../../../../src/core/job.ts';
import type { Ledger, OpenJobRequest, SubmissionId } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
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
  rejected,
  result,
  submissionOf,
} from './ledger-under-test.ts';

const TASK = 'task-of-job-1';
const CHARGE = { kind: 'charge', quote: QUOTE, reason: 'succeeded' } as const;

const ARTIFACT: Artifact = {
  index: 0,
  key: 'job-1/0.mp4',
  url: 'file:///media/job-1/0.mp4',
  sizeBytes: 1024,
  sha256: 'c'.repeat(64),
  mediaType: 'video/mp4',
  width: 1280,
  height: 720,
  durationSeconds: 5,
};

/** Asks for the task that the job has paid for. */
function fromStore(id: string, changes: Partial<OpenJobRequest> = {}): OpenJobRequest {
  const { operation, snapshot } = accepted(TASK);
  const adopt = { taskId: TASK, operation, snapshot, keyId: 'env:OTHER' };
  return openRequest({ adopt, rerun: decision(id), at: at(20), ...changes });
}

function fromSubmit(id: string, changes: Partial<OpenJobRequest> = {}): OpenJobRequest {
  return openRequest({ rerun: decision(id), at: at(20), ...changes });
}

/** A job whose task was paid for and whose second file could not be stored. */
async function paidJob(ledger: Ledger): Promise<SubmissionId> {
  const id = await acceptedJob(ledger);
  await ledger.recordCost(id, CHARGE, at(4));
  await ledger.recordArtifact(id, ARTIFACT, null, at(5));
  await ledger.closeJob('job-1', result(), at(6));
  return id;
}

/** All that a rerun could change of the money and the tasks. */
async function bookkeeping(ledger: Ledger): Promise<readonly unknown[]> {
  return [
    await ledger.submissions('job-1'),
    await ledger.entries('job-1'),
    await ledger.artifacts('job-1'),
    await ledger.totals({}),
    await ledger.placesTaken('main'),
  ];
}

/** Laws of `openJob` for a job that is run again. */
export function rerunLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a job that is run again for the task it has paid for is open again, and nothing is bought':
      async (ledger) => {
        const id = await paidJob(ledger);
        const before = await bookkeeping(ledger);

        const first = await ledger.openJob(fromStore('d-1', { places: 0 }));
        const second = await ledger.openJob(fromStore('d-1', { at: at(21) }));

        assert.ok(first.kind === 'resumed');
        equalValues(first.submission, await submissionOf(ledger, id));
        equalValues(second, first);
        equalValues(await bookkeeping(ledger), before);
        const job = await ledger.job('job-1');
        equalValues([job?.end, job?.result, job?.currentNumber], [null, null, 1]);
        equalValues(
          (await ledger.decisions()).map(({ number, kind }) => `${number} ${kind}`),
          ['1 rerun'],
        );
      },

    'a task that is taken up again costs what it has cost, and its job gets a new end': async (
      ledger,
    ) => {
      const id = await paidJob(ledger);
      const before = await bookkeeping(ledger);
      await ledger.openJob(fromStore('d-1'));

      const dearer = { ...QUOTE, micros: '990000' };
      const costs = [
        await ledger.recordCost(id, CHARGE, at(22)),
        await ledger.recordCost(id, { ...CHARGE, quote: dearer }, at(23)),
        await ledger.recordCost(id, { kind: 'unknown', quote: QUOTE, reason: 'expired' }, at(24)),
      ];
      await ledger.recordArtifact(id, ARTIFACT, null, at(25));
      const end = result({ status: 'succeeded', finishedAt: at(26) });
      const closed = await ledger.closeJob('job-1', end, at(26));

      const { currency, micros, basis } = QUOTE;
      equalValues(
        costs,
        costs.map(() => ({ currency, micros, basis, state: 'charged' })),
      );
      equalValues([closed, (await ledger.job('job-1'))?.result], [end, end]);
      equalValues(await bookkeeping(ledger), before);
      equalValues(await ledger.openJob(fromStore('d-1')), { kind: 'ended', result: end });
    },

    'an amount that contradicts the charge of the same run is still a conflict': async (ledger) => {
      await paidJob(ledger);
      await ledger.openJob(fromSubmit('d-1'));
      await armed(ledger, 'job-1', 2);
      const id = { jobId: 'job-1', number: 2 };
      await ledger.recordOutcome(id, accepted('task-2'), at(21));
      await ledger.recordCost(id, CHARGE, at(22));

      const dearer = { ...CHARGE, quote: { ...QUOTE, micros: '990000' } };

      await rejectsWith(ledger.recordCost(id, dearer, at(23)), 'ledger.conflict');
    },

    'money that the first end left unknown is booked when the task is taken up again': async (
      ledger,
    ) => {
      const id = await acceptedJob(ledger);
      await ledger.closeJob('job-1', result(), at(6));
      const ended = await submissionOf(ledger, id);

      await ledger.openJob(fromStore('d-1'));
      await ledger.recordCost(id, CHARGE, at(22));

      equalValues(await bookOf(ledger, id), ['reserve 450000', 'unknown 450000', 'charge 450000']);
      equalValues(await submissionOf(ledger, id), ended);
    },

    'the submission that has paid is current again, although later ones have failed': async (
      ledger,
    ) => {
      const id = await paidJob(ledger);
      await ledger.openJob(fromSubmit('d-1'));
      await armed(ledger, 'job-1', 2);
      await ledger.recordOutcome({ jobId: 'job-1', number: 2 }, rejected(true), at(21));
      await ledger.closeJob('job-1', result(), at(22));

      const first = await ledger.openJob(fromStore('d-2', { at: at(23) }));
      const again = [
        await ledger.openJob(fromStore('d-2', { at: at(24) })),
        await ledger.openJob(openRequest({ number: 1 })),
        await ledger.openJob(openRequest({ number: 2 })),
      ];

      assert.ok(first.kind === 'resumed');
      equalValues(first.submission, await submissionOf(ledger, id));
      equalValues(again, [first, first, first]);
      assert.equal((await ledger.job('job-1'))?.currentNumber, 1);
      equalValues(
        (await ledger.submissions('job-1')).map(({ number, state }) => `${number} ${state}`),
        ['1 accepted', '2 rejected'],
      );

      await ledger.closeJob('job-1', result(), at(25));
      const bought = await ledger.openJob(fromSubmit('d-3', { at: at(26) }));
      assert.ok(bought.kind === 'admitted');
      assert.equal(bought.submission.number, 3);
      assert.equal((await ledger.job('job-1'))?.currentNumber, 3);
    },

    'a job that runs is not turned back to an earlier task': async (ledger) => {
      await paidJob(ledger);
      await ledger.openJob(fromSubmit('d-1'));

      const admission = await ledger.openJob(fromStore('d-2'));

      assert.ok(admission.kind === 'admitted');
      assert.equal(admission.submission.number, 2);
      equalValues(
        (await ledger.decisions()).map(({ id }) => id),
        ['d-1'],
      );
    },

    'the task of another job is not taken up': async (ledger) => {
      await paidJob(ledger);
      await ledger.openJob(openRequest({ jobId: 'job-2' }));
      await ledger.closeJob('job-2', result({ jobId: 'job-2' }), at(6));

      const other = ledger.openJob(fromStore('d-1', { jobId: 'job-2' }));

      await rejectsWith(other, 'request.conflict');
      assert.equal((await ledger.job('job-2'))?.end, 'failed');
    },

    'a task is taken up again while its account is paused': async (ledger) => {
      await paidJob(ledger);
      await ledger.pauseAccount('main', { reason: 'r', since: at(0), until: at(59) });

      const store = await ledger.openJob(fromStore('d-1'));

      assert.equal(store.kind, 'resumed');
    },

    'a rerun that does not fit a budget leaves the end and may be asked for again': async (
      ledger,
    ) => {
      await paidJob(ledger);
      const scope = { name: 'total', scope: 'all', of: null, per: 'ever' } as const;
      const budgets = [{ ...scope, currency: 'USD', limitMicros: QUOTE.micros }];

      const refused = ledger.openJob(fromSubmit('d-1', { budgets }));
      await rejectsWith(refused, 'request.over_budget');
      equalValues([(await ledger.job('job-1'))?.end, await ledger.decisions()], ['failed', []]);

      const admitted = await ledger.openJob(fromSubmit('d-1'));
      assert.equal(admitted.kind, 'admitted');
      equalValues(await bookOf(ledger, { jobId: 'job-1', number: 2 }), ['reserve 450000']);
    },
  });
}
