import assert from 'node:assert/strict';

import type { Ledger, NewOrphan, SubmissionRecord } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armedJob,
  at,
  decision,
  ledgerCases,
  openRequest,
  QUOTE,
  rejected,
  result,
  UNKNOWN,
  unknownJob,
} from './ledger-under-test.ts';

const ORPHAN: NewOrphan = {
  realm: 'realm-1',
  taskId: 'task-stray',
  account: 'main',
  model: 'wan2.6-t2v',
  estimate: { currency: 'USD', micros: '90000' },
};

/** Opens a job that was armed at a second and accepted with a task. */
async function acceptedAt(
  ledger: Ledger,
  second: number,
  taskId: string,
  realm = 'realm-1',
): Promise<void> {
  const id = await armedJob(ledger, { jobId: `job-of-${taskId}`, realm }, { at: at(second) });
  await ledger.recordOutcome(id, accepted(taskId), at(40));
}

function named(rows: readonly SubmissionRecord[]): string[] {
  return rows.map(({ jobId, number }) => `${jobId} ${number}`);
}

/** Laws of what the ledger knows of a provider's realm. */
export function realmLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'the newest task of a realm is the one that was armed for last': async (ledger) => {
      await acceptedAt(ledger, 8, 'task-a');
      await acceptedAt(ledger, 5, 'task-b');
      await acceptedAt(ledger, 9, 'task-elsewhere', 'realm-2');

      assert.equal(await ledger.newestTaskId('realm-1'), 'task-a');
    },

    'the newest task of a realm may be one of a job that has ended': async (ledger) => {
      await acceptedAt(ledger, 5, 'task-a');
      await acceptedAt(ledger, 8, 'task-b');
      await ledger.closeJob('job-of-task-b', result({ jobId: 'job-of-task-b' }), at(41));

      assert.equal(await ledger.newestTaskId('realm-1'), 'task-b');
    },

    'a task that somebody named is not the newest, nor is an id that no provider gave': async (
      ledger,
    ) => {
      await acceptedAt(ledger, 5, 'task-a');
      const { operation, snapshot } = accepted('task-input');
      const adopt = { taskId: 'task-input', operation, snapshot, keyId: 'env:KEY' };
      await ledger.openJob(openRequest({ jobId: 'adopting', adopt, at: at(9) }));
      await acceptedAt(ledger, 8, 'local-job-2-1');
      const held = await armedJob(ledger, { jobId: 'held' }, { at: at(9) });
      await ledger.recordOutcome(held, UNKNOWN, at(10));
      const resolution = { kind: 'adopt', taskId: 'task-operator', operation, snapshot } as const;
      await ledger.resolveSubmission(held, resolution, decision('d-1'), at(11));

      assert.equal(await ledger.newestTaskId('realm-1'), 'task-a');
    },

    'a realm without an accepted task knows the newest id that its last arming was told': async (
      ledger,
    ) => {
      await armedJob(ledger, { jobId: 'late' }, { at: at(7), newestKnownTaskId: 'task-7' });
      await armedJob(ledger, { jobId: 'early' }, { at: at(6), newestKnownTaskId: 'task-6' });
      await armedJob(ledger, { jobId: 'last' }, { at: at(8), newestKnownTaskId: null });

      assert.equal(await ledger.newestTaskId('realm-1'), 'task-7');
      assert.equal(await ledger.newestTaskId('realm-2'), null);
    },

    'armed and unknown submissions of a model are undecided, over all accounts of the realm':
      async (ledger) => {
        await armedJob(ledger, { jobId: 'armed', account: 'second' });
        await unknownJob(ledger, { jobId: 'unknown' });
        await ledger.openJob(openRequest({ jobId: 'admitted' }));
        await acceptedJob(ledger, { jobId: 'accepted' });
        const refused = await armedJob(ledger, { jobId: 'rejected' });
        await ledger.recordOutcome(refused, rejected(false), at(2));
        await armedJob(ledger, { jobId: 'other-model', model: 'wan2.6-i2v' });
        await armedJob(ledger, { jobId: 'other-realm', realm: 'realm-2' });

        const rows = await ledger.undecided('realm-1', 'wan2.6-t2v', at(0));

        equalValues(named(rows), ['armed 1', 'unknown 1']);
        equalValues(rows[0], (await ledger.submissions('armed'))[0]);
      },

    'a submission that was given up stays undecided': async (ledger) => {
      await unknownJob(ledger, { jobId: 'closed' });
      await ledger.closeJob('closed', result({ jobId: 'closed' }), at(4));
      await unknownJob(ledger, { jobId: 'resubmitted' });
      await ledger.openJob(
        openRequest({ jobId: 'resubmitted', number: 2, resubmit: decision('d-1') }),
      );

      const rows = await ledger.undecided('realm-1', 'wan2.6-t2v', at(0));

      equalValues(named(rows), ['closed 1', 'resubmitted 1']);
    },

    'a submission that was armed too long ago is undecided no longer': async (ledger) => {
      await armedJob(ledger, { jobId: 'old' }, { at: at(5) });
      await armedJob(ledger, { jobId: 'new' }, { at: at(6) });

      equalValues(named(await ledger.undecided('realm-1', 'wan2.6-t2v', at(5))), ['new 1']);
    },

    'the owners of many tasks are found at once': async (ledger) => {
      await acceptedJob(ledger, { jobId: 'first' });
      await acceptedJob(ledger, { jobId: 'last' });
      await acceptedJob(ledger, { jobId: 'elsewhere', realm: 'realm-2' });
      const strays = Array.from({ length: 40_000 }, (_, index) => `task-stray-${index}`);

      const taskIds = ['task-of-first', 'task-of-elsewhere', ...strays, 'task-of-last'];
      const owners = await ledger.ownersOf('realm-1', taskIds);

      equalValues(
        [...owners],
        [
          ['task-of-first', { jobId: 'first', number: 1 }],
          ['task-of-last', { jobId: 'last', number: 1 }],
        ],
      );
      assert.equal((await ledger.ownersOf('realm-1', [])).size, 0);
    },

    'an orphan keeps the time at which it was first seen': async (ledger) => {
      await ledger.recordOrphan(ORPHAN, at(3));
      await ledger.recordOrphan(ORPHAN, at(4));

      equalValues(await ledger.orphans(), [{ ...ORPHAN, firstSeenAt: at(3), submission: null }]);
    },

    'a task that a submission holds is no orphan': async (ledger) => {
      await acceptedJob(ledger);

      await ledger.recordOrphan({ ...ORPHAN, taskId: 'task-of-job-1' }, at(3));
      await ledger.recordOrphan({ ...ORPHAN, taskId: 'task-of-job-1', realm: 'realm-2' }, at(3));

      equalValues(
        (await ledger.orphans()).map(({ realm }) => realm),
        ['realm-2'],
      );
    },

    'an orphan that a late answer named says which submission that was of': async (ledger) => {
      const id = await armedJob(ledger);
      await ledger.recordOutcome(id, rejected(false), at(2));

      await ledger.recordOutcome(id, accepted('task-late'), at(3));
      await ledger.recordOrphan({ ...ORPHAN, taskId: 'task-late' }, at(4));

      equalValues(await ledger.orphans('realm-1'), [
        {
          ...ORPHAN,
          taskId: 'task-late',
          estimate: { currency: 'USD', micros: QUOTE.micros },
          firstSeenAt: at(3),
          submission: id,
        },
      ]);
    },

    'an orphan that was seen first in a list is told by a late answer whose it is': async (
      ledger,
    ) => {
      const id = await armedJob(ledger);
      await ledger.recordOutcome(id, rejected(false), at(2));

      await ledger.recordOrphan(ORPHAN, at(3));
      await ledger.recordOutcome(id, accepted('task-stray'), at(4));

      equalValues(await ledger.orphans(), [{ ...ORPHAN, firstSeenAt: at(3), submission: id }]);
    },

    'an orphan that a submission comes to hold is none any more': async (ledger) => {
      const { operation, snapshot } = accepted();
      const adoption = (taskId: string) => ({ taskId, operation, snapshot });
      const orphans = ['by-input', 'by-reply', 'by-operator', 'stays'];
      for (const taskId of orphans) await ledger.recordOrphan({ ...ORPHAN, taskId }, at(3));

      const adopt = { ...adoption('by-input'), keyId: 'env:KEY' };
      await ledger.openJob(openRequest({ jobId: 'adopting', adopt }));
      const replied = await armedJob(ledger, { jobId: 'replied' });
      await ledger.recordOutcome(replied, accepted('by-reply'), at(4));
      const held = await unknownJob(ledger, { jobId: 'held' });
      const resolution = { kind: 'adopt', ...adoption('by-operator') } as const;
      await ledger.resolveSubmission(held, resolution, decision('d-1'), at(5));

      equalValues(
        (await ledger.orphans()).map(({ taskId }) => taskId),
        ['stays'],
      );
    },

    'orphans are listed oldest first, of one realm or of all': async (ledger) => {
      await ledger.recordOrphan({ ...ORPHAN, taskId: 'b', estimate: null }, at(4));
      await ledger.recordOrphan({ ...ORPHAN, taskId: 'c' }, at(3));
      await ledger.recordOrphan({ ...ORPHAN, taskId: 'a', realm: 'realm-2' }, at(5));

      const taskIds = async (realm?: string) =>
        (await ledger.orphans(realm)).map(({ taskId }) => taskId);

      equalValues(await taskIds(), ['c', 'b', 'a']);
      equalValues(await taskIds('realm-2'), ['a']);
      assert.equal((await ledger.orphans())[1]?.estimate, null);
    },
  });
}
