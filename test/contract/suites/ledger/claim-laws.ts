import assert from 'node:assert/strict';

import type { CostRecord, Ledger, SubmissionId, TaskSource } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armedJob,
  at,
  bookOf,
  ledgerCases,
  openRequest,
  QUOTE,
  result,
  submissionOf,
  unknownJob,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };
const TWO = { jobId: 'job-2', number: 1 };
const CHARGE: CostRecord = { kind: 'charge', quote: QUOTE, reason: 'succeeded' };
const FIRST_HAND: readonly TaskSource[] = ['reply', 'heartbeat', 'spool', 'salvage'];
const INFERRED: readonly TaskSource[] = ['callback', 'list', 'operator', 'input'];

/** Submission {@link ONE} holds `task-1` by a list, and {@link TWO} has been sent. */
async function inferred(ledger: Ledger): Promise<void> {
  await unknownJob(ledger);
  await ledger.recordOutcome(ONE, accepted('task-1', 'list'), at(3));
  await armedJob(ledger, { jobId: 'job-2' });
}

async function claim(ledger: Ledger, source: TaskSource = 'reply') {
  return ledger.recordOutcome(TWO, accepted('task-1', source), at(9));
}

async function taskOf(ledger: Ledger, id: SubmissionId) {
  const { state, taskId, source } = await submissionOf(ledger, id);
  return [state, taskId, source];
}

/** `details.reason` of the error that the call is refused with. */
async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as { code?: unknown; details?: { reason?: unknown } };
    return [code, details?.reason];
  }
  return 'the call succeeded';
}

/** Laws of who holds a task that two submissions claim. */
export function claimLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a submission says where the id of its task came from': async (ledger) => {
      const id = await armedJob(ledger);
      assert.equal((await submissionOf(ledger, id)).source, null);

      await ledger.recordOutcome(id, accepted('task-1', 'heartbeat'), at(2));

      assert.equal((await submissionOf(ledger, id)).source, 'heartbeat');
    },

    'an id that the reply told takes the task from a submission that inferred it': async (
      ledger,
    ) => {
      for (const [index, source] of FIRST_HAND.entries()) {
        for (const [other, inference] of INFERRED.entries()) {
          const taskId = `task-${source}-${inference}`;
          const holder = await armedJob(ledger, { jobId: `holder-${index}-${other}`, places: 99 });
          const claimer = await armedJob(ledger, {
            jobId: `claimer-${index}-${other}`,
            places: 99,
          });
          await ledger.recordOutcome(holder, accepted(taskId, inference), at(2));

          const answer = await ledger.recordOutcome(claimer, accepted(taskId, source), at(3));

          equalValues(answer, { kind: 'recorded' });
          equalValues(await taskOf(ledger, claimer), ['accepted', taskId, source]);
          equalValues(await taskOf(ledger, holder), ['unknown', null, null]);
        }
      }
    },

    'a submission that lost its task is unknown again, and keeps its place': async (ledger) => {
      await inferred(ledger);

      await claim(ledger);

      const row = await submissionOf(ledger, ONE);
      equalValues(
        [row.state, row.taskId, row.source, row.operation, row.snapshot, row.endedAt],
        ['unknown', null, null, null, null, null],
      );
      assert.equal(await ledger.placesTaken('main'), 2);
    },

    'a submission that lost its task leaves a discrepancy that names the task and its owner':
      async (ledger) => {
        await inferred(ledger);

        await claim(ledger);
        await claim(ledger);

        equalValues(await ledger.discrepancies(), [
          {
            ...ONE,
            kind: 'task_claimed_by_reply',
            facts: { taskId: 'task-1', ownerJobId: 'job-2', ownerNumber: 1 },
            at: at(9),
          },
        ]);
      },

    'the reservation of a submission that lost its task becomes unknown': async (ledger) => {
      await armedJob(ledger);
      await ledger.recordOutcome(ONE, accepted('task-1', 'callback'), at(3));
      await armedJob(ledger, { jobId: 'job-2' });

      await claim(ledger);

      equalValues(await bookOf(ledger, ONE), ['reserve 450000', 'unknown 450000']);
    },

    'a task that was charged to the submission that lost it is charged once': async (ledger) => {
      await inferred(ledger);
      await ledger.recordCost(ONE, CHARGE, at(5));

      await claim(ledger);
      await ledger.recordCost(TWO, CHARGE, at(10));

      equalValues(await bookOf(ledger, ONE), [
        'reserve 450000',
        'unknown 450000',
        'charge 450000',
        'adjust -450000',
      ]);
      const adjustment = (await ledger.entries('job-1')).at(-1);
      assert.match(adjustment?.basis ?? '', /job-2/);
      assert.equal((await ledger.totals({}))[0]?.charged, '450000');
    },

    'a charge that was adjusted is given back as it stands': async (ledger) => {
      await inferred(ledger);
      await ledger.recordCost(ONE, { ...CHARGE, quote: { ...QUOTE, estimated: true } }, at(5));
      await ledger.adjustCost(ONE, { ...QUOTE, micros: '90000' }, at(6));

      await claim(ledger);

      const entries = (await ledger.entries('job-1')).filter((entry) => entry.kind === 'adjust');
      equalValues(
        entries.map((entry) => [entry.sequence, entry.micros]),
        [
          [0, '-360000'],
          [1, '-90000'],
        ],
      );
      equalValues((await ledger.totals({ jobIds: ['job-1'] }))[0]?.charged, '0');
    },

    'an estimate that was given back is not adjusted any more': async (ledger) => {
      await inferred(ledger);
      await ledger.recordCost(ONE, { ...CHARGE, quote: { ...QUOTE, estimated: true } }, at(5));
      await claim(ledger);

      const cost = await ledger.adjustCost(ONE, { ...QUOTE, micros: '90000' }, at(10));

      assert.equal(cost?.micros, '0');
      const [totals] = await ledger.totals({ jobIds: ['job-1'] });
      equalValues([totals?.charged, totals?.estimated], ['0', '0']);
    },

    'money that was released stays released when the task is lost': async (ledger) => {
      await inferred(ledger);
      await ledger.recordCost(ONE, { ...CHARGE, kind: 'release', reason: 'failed' }, at(5));

      await claim(ledger);

      equalValues(await bookOf(ledger, ONE), ['reserve 450000', 'unknown 450000', 'release 0']);
    },

    'an inferred id takes a task from nobody, and writes nothing': async (ledger) => {
      await inferred(ledger);

      for (const source of INFERRED) {
        equalValues(await claim(ledger, source), { kind: 'taken', owner: ONE });
      }

      equalValues(await taskOf(ledger, ONE), ['accepted', 'task-1', 'list']);
      equalValues(await taskOf(ledger, TWO), ['armed', null, null]);
      equalValues([await ledger.orphans(), await ledger.discrepancies()], [[], []]);
    },

    'a task that the reply gave to its holder stays there, whatever another one claims': async (
      ledger,
    ) => {
      await acceptedJob(ledger);
      await armedJob(ledger, { jobId: 'job-2' });

      for (const source of [...FIRST_HAND, ...INFERRED]) {
        const answer = await ledger.recordOutcome(TWO, accepted('task-of-job-1', source), at(3));
        equalValues(answer, { kind: 'taken', owner: ONE });
      }

      equalValues(await taskOf(ledger, TWO), ['armed', null, null]);
      equalValues([await ledger.orphans(), await ledger.discrepancies()], [[], []]);
    },

    'a reply to a number that is no longer current takes no task from its holder': async (
      ledger,
    ) => {
      await inferred(ledger);
      await ledger.openJob(openRequest({ jobId: 'job-3' }));
      const late = { jobId: 'job-3', number: 1 };
      await ledger.settleSubmission(late, at(4));
      await ledger.openJob(openRequest({ jobId: 'job-3', number: 2 }));

      const answer = await ledger.recordOutcome(late, accepted('task-1'), at(9));

      equalValues(answer, { kind: 'taken', owner: ONE });
      equalValues(await taskOf(ledger, ONE), ['accepted', 'task-1', 'list']);
      equalValues(await ledger.orphans(), []);
    },

    'a reply to a submission of an ended job takes no task from its holder': async (ledger) => {
      await inferred(ledger);
      await ledger.closeJob('job-2', result({ jobId: 'job-2' }), at(4));

      equalValues(await claim(ledger), { kind: 'taken', owner: ONE });
      equalValues(await ledger.orphans(), []);
    },

    'the reply that comes after its task was inferred makes the claim its own': async (ledger) => {
      await inferred(ledger);

      const reply = await ledger.recordOutcome(ONE, accepted('task-1', 'spool'), at(4));

      assert.ok(reply.kind === 'kept');
      assert.equal(reply.submission.source, 'spool');
      equalValues(await taskOf(ledger, ONE), ['accepted', 'task-1', 'spool']);
      equalValues(await claim(ledger), { kind: 'taken', owner: ONE });
    },

    'a claim that the reply made stays one when the task is inferred, too': async (ledger) => {
      const id = await acceptedJob(ledger);

      await ledger.recordOutcome(id, accepted('task-of-job-1', 'list'), at(4));
      await ledger.recordOutcome(id, accepted('task-of-job-1', 'heartbeat'), at(5));

      assert.equal((await submissionOf(ledger, id)).source, 'reply');
    },

    'no money is booked on a submission that has lost its task': async (ledger) => {
      await inferred(ledger);
      await claim(ledger);

      for (const kind of ['charge', 'release', 'unknown'] as const) {
        const booking = ledger.recordCost(ONE, { ...CHARGE, kind }, at(10));
        equalValues(await refusalOf(booking), ['ledger.conflict', 'task_taken']);
      }

      const unpriced = ledger.recordCost(ONE, { ...CHARGE, quote: null }, at(10));
      equalValues(await refusalOf(unpriced), ['ledger.conflict', 'task_taken']);
      equalValues(await bookOf(ledger, ONE), ['reserve 450000', 'unknown 450000']);
      assert.equal((await submissionOf(ledger, ONE)).endedAt, null);
    },

    'a submission that was charged before it lost its task is not charged again': async (
      ledger,
    ) => {
      await inferred(ledger);
      await ledger.recordCost(ONE, CHARGE, at(5));
      await claim(ledger);

      const again = ledger.recordCost(ONE, CHARGE, at(10));

      equalValues(await refusalOf(again), ['ledger.conflict', 'task_taken']);
    },

    'a submission that lost its task and finds its own is charged for that': async (ledger) => {
      await inferred(ledger);
      await claim(ledger);

      const found = await ledger.recordOutcome(ONE, accepted('task-own', 'list'), at(10));
      const cost = await ledger.recordCost(ONE, CHARGE, at(11));

      equalValues([found.kind, cost?.state], ['recorded', 'charged']);
      equalValues(await taskOf(ledger, ONE), ['accepted', 'task-own', 'list']);
    },
  });
}
