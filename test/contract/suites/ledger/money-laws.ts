import assert from 'node:assert/strict';

import type { Artifact } from '../../../../src/core/job.ts';
import type { CostRecord } from '../../../../src/core/ledger.ts';
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
  QUOTE,
  rejected,
  result,
  UNKNOWN,
  unknownJob,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };
const CHARGE: CostRecord = { kind: 'charge', quote: QUOTE, reason: 'succeeded' };
const RELEASE: CostRecord = { kind: 'release', quote: QUOTE, reason: 'failed' };

const ARTIFACT: Artifact = {
  index: 0,
  key: 'jobs/job-1/1/0.mp4',
  url: 'file:///artifacts/jobs/job-1/1/0.mp4',
  sizeBytes: 48_213,
  sha256: 'c'.repeat(64),
  mediaType: 'video/mp4',
  width: 1280,
  height: 720,
  durationSeconds: 5,
};

/** Laws of `recordCost`, `recordArtifact`, `closeJob` and the readings. */
export function moneyLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'an estimated charge is adjusted once to what the file shows': async (ledger) => {
      const id = await acceptedJob(ledger);
      const estimate = { ...QUOTE, estimated: true };
      const before = await ledger.recordCost(id, { ...CHARGE, quote: estimate }, at(5));
      const final = { ...QUOTE, micros: '90000', basis: '1 s' };

      const first = await ledger.adjustCost(id, final, at(6));
      const again = await ledger.adjustCost(id, { ...final, micros: '1' }, at(7));

      equalValues(before?.state, 'estimated');
      equalValues([first?.micros, first?.state, first?.basis], ['90000', 'charged', '1 s']);
      equalValues(again, first);
      equalValues((await ledger.totals({}))[0]?.charged, '90000');
    },

    'a charge that was no estimate is never adjusted': async (ledger) => {
      const id = await acceptedJob(ledger);
      const charged = await ledger.recordCost(id, CHARGE, at(5));

      equalValues(await ledger.adjustCost(id, { ...QUOTE, micros: '1' }, at(6)), charged);
    },

    'a charge is booked once and frees the place': async (ledger) => {
      const id = await acceptedJob(ledger);

      const first = await ledger.recordCost(id, CHARGE, at(4));
      const second = await ledger.recordCost(id, CHARGE, at(5));

      equalValues(first, {
        currency: 'USD',
        micros: '450000',
        basis: QUOTE.basis,
        state: 'charged',
      });
      equalValues(second, first);
      assert.equal(await ledger.placesTaken('main'), 0);
      const [row] = await ledger.submissions('job-1');
      equalValues([row?.endedReason, row?.endedAt], ['succeeded', at(4)]);
      const kinds = (await ledger.entries('job-1')).map((entry) => entry.kind);
      equalValues(kinds, ['reserve', 'charge']);
    },

    'another amount than the one booked is a conflict': async (ledger) => {
      const id = await acceptedJob(ledger);
      await ledger.recordCost(id, CHARGE, at(4));

      const quote = { ...QUOTE, micros: '450001' };
      const message = await rejectsWith(
        ledger.recordCost(id, { ...CHARGE, quote }, at(5)),
        'ledger.conflict',
      );

      assert.match(message, /450000.*450001/);
      await rejectsWith(
        ledger.recordCost(id, { ...CHARGE, quote: { ...QUOTE, currency: 'CNY' } }, at(5)),
        'ledger.conflict',
      );
    },

    'money that was charged is not released, and the other way round': async (ledger) => {
      const first = await acceptedJob(ledger);
      const second = await acceptedJob(ledger, { jobId: 'job-2' });
      await ledger.recordCost(first, CHARGE, at(4));
      await ledger.recordCost(second, RELEASE, at(4));

      await rejectsWith(ledger.recordCost(first, RELEASE, at(5)), 'ledger.conflict');
      await rejectsWith(ledger.recordCost(second, CHARGE, at(5)), 'ledger.conflict');
    },

    'a submission without a task is never charged': async (ledger) => {
      await ledger.openJob(openRequest());
      await rejectsWith(ledger.recordCost(ONE, CHARGE, at(4)), 'ledger.conflict');
      await armed(ledger);
      await ledger.recordOutcome(ONE, UNKNOWN, at(2));
      await rejectsWith(ledger.recordCost(ONE, CHARGE, at(4)), 'ledger.conflict');
    },

    'money of a submission of which nobody knows may stay unknown or be released': async (
      ledger,
    ) => {
      const first = await unknownJob(ledger);
      const second = await unknownJob(ledger, { jobId: 'job-2' });

      const unproved = await ledger.recordCost(first, { ...CHARGE, kind: 'unknown' }, at(4));
      const released = await ledger.recordCost(second, RELEASE, at(4));

      equalValues([unproved?.state, released?.state], ['unknown', 'released']);
    },

    'a release books that nothing is owed': async (ledger) => {
      const id = await acceptedJob(ledger);

      const cost = await ledger.recordCost(id, RELEASE, at(4));

      equalValues([cost?.state, cost?.micros], ['released', '0']);
      const [totals] = await ledger.totals({});
      equalValues([totals?.reserved, totals?.charged], ['0', '0']);
    },

    'an upper bound is booked as estimated': async (ledger) => {
      const id = await acceptedJob(ledger);

      const quote = { ...QUOTE, estimated: true };
      const cost = await ledger.recordCost(id, { ...CHARGE, quote }, at(4));

      assert.equal(cost?.state, 'estimated');
      const [totals] = await ledger.totals({});
      equalValues([totals?.charged, totals?.estimated], ['450000', '450000']);
    },

    'money of which nothing proves that it is owed is unknown until it is settled': async (
      ledger,
    ) => {
      const id = await acceptedJob(ledger);
      const unproved: CostRecord = {
        kind: 'unknown',
        quote: QUOTE,
        reason: 'expired',
        discrepancy: { reason: 'the task expired unseen' },
      };

      const cost = await ledger.recordCost(id, unproved, at(4));
      const again = await ledger.recordCost(id, unproved, at(5));
      const settled = await ledger.recordCost(id, CHARGE, at(6));

      assert.equal(cost?.state, 'unknown');
      equalValues(again, cost);
      assert.equal(settled?.state, 'charged');
    },

    'a model without a price books nothing and still frees the place': async (ledger) => {
      const id = await acceptedJob(ledger, { quote: null });

      const cost = await ledger.recordCost(id, { ...CHARGE, quote: null }, at(4));

      assert.equal(cost, null);
      equalValues(await ledger.entries('job-1'), []);
      assert.equal(await ledger.placesTaken('main'), 0);
    },

    'amounts beyond the precision of a float are exact': async (ledger) => {
      const quote = { ...QUOTE, micros: '9007199254740993' };
      const id = await acceptedJob(ledger, { quote });

      const cost = await ledger.recordCost(id, { ...CHARGE, quote }, at(4));

      assert.equal(cost?.micros, '9007199254740993');
      assert.equal((await ledger.totals({}))[0]?.charged, '9007199254740993');
    },

    'an amount whose sums no database could hold is refused': async (ledger) => {
      const quote = { ...QUOTE, micros: '10000000000000001' };

      await rejectsWith(ledger.openJob(openRequest({ quote })), 'request.invalid');

      equalValues(await ledger.totals({}), []);
    },

    'totals are kept apart by currency and follow the filter': async (ledger) => {
      const first = await acceptedJob(ledger, { tenant: 'acme' });
      await ledger.recordCost(first, CHARGE, at(4));
      await ledger.openJob(
        openRequest({ jobId: 'job-2', quote: { ...QUOTE, currency: 'CNY', micros: '7' } }),
      );

      equalValues(await ledger.totals({}), [
        { currency: 'CNY', charged: '0', estimated: '0', reserved: '7', unknown: '0', jobs: 1 },
        {
          currency: 'USD',
          charged: '450000',
          estimated: '0',
          reserved: '0',
          unknown: '0',
          jobs: 1,
        },
      ]);
      const acme = await ledger.totals({ tenant: 'acme' });
      equalValues(
        acme.map((totals) => totals.currency),
        ['USD'],
      );
      equalValues(await ledger.totals({ jobIds: [] }), []);
    },

    'closing a job releases what was never sent': async (ledger) => {
      await ledger.openJob(openRequest());

      await ledger.closeJob('job-1', result({ status: 'cancelled' }), at(5));

      assert.equal(await ledger.placesTaken('main'), 0);
      const kinds = (await ledger.entries('job-1')).map((entry) => entry.kind);
      equalValues(kinds, ['reserve', 'release']);
      assert.equal((await ledger.submissions('job-1'))[0]?.endedReason, 'closed');
      const job = await ledger.job('job-1');
      equalValues([job?.end, job?.endedAt], ['cancelled', at(5)]);
    },

    'closing a job leaves money that may be owed as unknown': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await acceptedJob(ledger, { jobId: 'job-2' });
      await ledger.openJob(openRequest({ jobId: 'job-3' }));
      await armed(ledger, 'job-3');
      await ledger.recordOutcome({ jobId: 'job-3', number: 1 }, UNKNOWN, at(2));

      for (const jobId of ['job-1', 'job-2', 'job-3']) {
        await ledger.closeJob(jobId, result({ jobId }), at(5));
      }

      const [totals] = await ledger.totals({});
      equalValues([totals?.unknown, totals?.reserved], ['1350000', '0']);
      assert.equal(await ledger.placesTaken('main'), 0);
    },

    'a late proof of rejection releases what a closed job left unknown': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await ledger.closeJob('job-1', result(), at(5));

      const late = await ledger.recordOutcome(ONE, rejected(false), at(6));

      assert.equal(late.kind, 'recorded');
      assert.equal((await ledger.totals({}))[0]?.unknown, '0');
    },

    'an acceptance that comes after the job was closed is an orphan': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await ledger.closeJob('job-1', result(), at(5));

      equalValues(await ledger.recordOutcome(ONE, accepted(), at(6)), { kind: 'orphaned' });
    },

    'the first result of a job is its result': async (ledger) => {
      await ledger.openJob(openRequest());
      const first = await ledger.closeJob('job-1', result(), at(5));

      const second = await ledger.closeJob('job-1', result({ status: 'succeeded' }), at(6));

      equalValues(second, first);
      assert.equal((await ledger.job('job-1'))?.end, 'failed');
    },

    'a job is not closed with a status that is not an end': async (ledger) => {
      await ledger.openJob(openRequest());

      await rejectsWith(
        ledger.closeJob('job-1', result({ status: 'running' }), at(5)),
        'ledger.conflict',
      );
    },

    'an artifact is recorded once; other bytes in its place are a conflict': async (ledger) => {
      const id = await acceptedJob(ledger);

      await ledger.recordArtifact(id, ARTIFACT, 'https://cdn.example.org', at(5));
      await ledger.recordArtifact(id, ARTIFACT, 'https://cdn.example.org', at(6));

      equalValues(await ledger.artifacts('job-1'), [ARTIFACT]);
      const other = { ...ARTIFACT, sha256: 'd'.repeat(64) };
      await rejectsWith(ledger.recordArtifact(id, other, null, at(7)), 'ledger.conflict');
    },

    'a discrepancy may be recorded again': async (ledger) => {
      const id = await acceptedJob(ledger);
      const discrepancy = { ...id, kind: 'duration_differs', facts: { seconds: 5.4 } };

      await ledger.recordDiscrepancy(discrepancy, at(5));
      await ledger.recordDiscrepancy(discrepancy, at(6));
    },

    'jobs are listed newest first and by what the filter names': async (ledger) => {
      await ledger.openJob(openRequest({ jobId: 'old', batch: 'b', at: at(1) }));
      await ledger.openJob(openRequest({ jobId: 'new', tenant: 'acme', at: at(2) }));
      await ledger.closeJob('old', result({ jobId: 'old' }), at(3));

      const ids = async (filter: Parameters<typeof ledger.jobs>[0]) =>
        (await ledger.jobs(filter)).map((job) => job.jobId);

      equalValues(await ids({}), ['new', 'old']);
      equalValues(await ids({ limit: 1 }), ['new']);
      equalValues(await ids({ status: 'open' }), ['new']);
      equalValues(await ids({ status: 'failed' }), ['old']);
      equalValues(await ids({ batch: 'b' }), ['old']);
      equalValues(await ids({ tenant: 'acme' }), ['new']);
      equalValues(await ids({ account: 'other' }), []);
      equalValues(await ids({ jobIds: ['old', 'absent'] }), ['old']);
      assert.equal(await ledger.job('absent'), undefined);
    },
  });
}
