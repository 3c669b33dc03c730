import assert from 'node:assert/strict';

import type { Budget } from '../../../../src/core/budget.ts';
import { isMediaJobError } from '../../../../src/core/errors.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { Ledger, OpenJobRequest } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  at,
  decision,
  ledgerCases,
  openRequest,
  QUOTE,
  rejected,
  result,
  unknownJob,
} from './ledger-under-test.ts';

const ONE = { jobId: 'job-1', number: 1 };

/** Has room for as many jobs at the usual price. */
function budgetFor(jobs: number, changes: Partial<Budget> = {}): Budget {
  const limitMicros = (BigInt(QUOTE.micros) * BigInt(jobs)).toString();
  const scope = { scope: 'all', of: null, per: 'ever' } as const;
  return { name: 'total', ...scope, currency: 'USD', limitMicros, ...changes };
}

async function open(ledger: Ledger, jobId: string, changes: Partial<OpenJobRequest> = {}) {
  return ledger.openJob(openRequest({ jobId, places: 100, ...changes }));
}

/** The kinds of what happened to each: an admission, or the code of the refusal. */
async function outcomesOf(calls: readonly Promise<{ kind: string }>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => {
    if (one.status === 'fulfilled') return one.value.kind;
    return isMediaJobError(one.reason) ? one.reason.code : String(one.reason);
  });
}

async function detailsOf(call: Promise<unknown>): Promise<JsonObject> {
  try {
    await call;
  } catch (error) {
    if (isMediaJobError(error)) return error.details;
    throw error;
  }
  assert.fail('the call succeeded');
}

/** Laws of `openJob` with budgets. */
export function budgetLaws(openLedger: OpenLedger): readonly ContractCase[] {
  return ledgerCases(openLedger, {
    '32 jobs that ask at once for a budget that fits ten are admitted ten times': async (
      ledger,
    ) => {
      const budgets = [budgetFor(10)];

      const kinds = await outcomesOf(
        Array.from({ length: 32 }, (_, index) => open(ledger, `job-${index}`, { budgets })),
      );

      equalValues(
        ['admitted', 'request.over_budget'].map(
          (kind) => kinds.filter((one) => one === kind).length,
        ),
        [10, 22],
      );
      equalValues((await ledger.totals({}))[0]?.reserved, '4500000');
      assert.equal((await ledger.jobs({})).length, 10);
    },

    'a refusal says limit, spent, reserved, unknown and asked, and writes nothing': async (
      ledger,
    ) => {
      const charged = await acceptedJob(ledger);
      const charge = { ...QUOTE, micros: '400000' };
      await ledger.recordCost(charged, { kind: 'charge', quote: charge, reason: 'done' }, at(4));
      await unknownJob(ledger, { jobId: 'job-2' });
      await open(ledger, 'job-3');

      const request = openRequest({ jobId: 'job-4', budgets: [budgetFor(3)] });
      const details = await detailsOf(ledger.openJob(request));
      const message = await rejectsWith(ledger.openJob(request), 'request.over_budget');

      equalValues(details, {
        budget: 'total',
        scope: 'all',
        of: null,
        per: 'ever',
        currency: 'USD',
        limitMicros: '1350000',
        spentMicros: '400000',
        reservedMicros: '450000',
        unknownMicros: '450000',
        askedMicros: '450000',
      });
      assert.match(message, /"total"/);
      assert.equal(await ledger.job('job-4'), undefined);
      equalValues(await ledger.check(), []);
    },

    'a job that fits to the micro is admitted, one micro more is refused': async (ledger) => {
      const budgets = [budgetFor(2)];
      await open(ledger, 'job-1', { budgets });
      const more = { ...QUOTE, micros: '450001' };

      const kinds = [
        ...(await outcomesOf([open(ledger, 'job-2', { budgets, quote: more })])),
        ...(await outcomesOf([open(ledger, 'job-3', { budgets })])),
      ];

      equalValues(kinds, ['request.over_budget', 'admitted']);
    },

    'money that was released, or charged for less, can be spent again': async (ledger) => {
      const budgets = [budgetFor(1)];
      const first = await acceptedJob(ledger, { budgets });
      await ledger.recordCost(first, { kind: 'release', quote: QUOTE, reason: 'failed' }, at(4));
      const second = await acceptedJob(ledger, { jobId: 'job-2', budgets });
      const less = { ...QUOTE, micros: '1' };
      await ledger.recordCost(second, { kind: 'charge', quote: less, reason: 'done' }, at(4));

      const kinds = await outcomesOf([
        open(ledger, 'job-3', { budgets }),
        open(ledger, 'job-4', { budgets, quote: { ...QUOTE, micros: '449999' } }),
      ]);

      equalValues(kinds, ['request.over_budget', 'admitted']);
    },

    'the reservation that a rejected submission hands to the next does not count twice': async (
      ledger,
    ) => {
      const budgets = [budgetFor(1)];
      await open(ledger, 'job-1', { budgets });
      await ledger.recordOutcome(ONE, rejected(false), at(2));

      const next = await open(ledger, 'job-1', { number: 2, budgets });

      assert.equal(next.kind, 'admitted');
      assert.equal((await ledger.totals({}))[0]?.reserved, QUOTE.micros);
    },

    'a next submission that does not fit leaves the one before it as it is': async (ledger) => {
      await open(ledger, 'job-1');
      await ledger.recordOutcome(ONE, rejected(false), at(2));

      const call = open(ledger, 'job-1', { number: 2, budgets: [budgetFor(0)] });

      await rejectsWith(call, 'request.over_budget');
      assert.equal((await ledger.totals({}))[0]?.reserved, QUOTE.micros);
      equalValues(
        (await ledger.submissions('job-1')).map(({ endedAt }) => endedAt),
        [null],
      );
    },

    'submitting once more over an unknown submission asks for money of its own': async (ledger) => {
      await unknownJob(ledger);
      const again = { number: 2, resubmit: decision('d-1') };

      const refused = open(ledger, 'job-1', { ...again, budgets: [budgetFor(1)] });

      await rejectsWith(refused, 'request.over_budget');
      equalValues(await ledger.decisions(), []);
      const admitted = await open(ledger, 'job-1', { ...again, budgets: [budgetFor(2)] });
      assert.equal(admitted.kind, 'admitted');
    },

    'an ended job that does not fit is not run again and keeps its end': async (ledger) => {
      const id = await acceptedJob(ledger);
      await ledger.recordCost(id, { kind: 'charge', quote: QUOTE, reason: 'done' }, at(4));
      await ledger.closeJob('job-1', result({ status: 'succeeded' }), at(5));

      const call = open(ledger, 'job-1', { rerun: decision('d-1'), budgets: [budgetFor(1)] });

      await rejectsWith(call, 'request.over_budget');
      assert.equal((await ledger.job('job-1'))?.end, 'succeeded');
      equalValues(await ledger.decisions(), []);
    },

    'a job that was admitted is not measured against its budgets again': async (ledger) => {
      const budgets = [budgetFor(1)];
      await open(ledger, 'job-1', { budgets });

      assert.equal((await open(ledger, 'job-1', { budgets })).kind, 'admitted');
    },

    'a task that exists already is taken up whatever the budgets': async (ledger) => {
      const { taskId, operation, snapshot } = accepted('task-9');
      const adopt = { taskId, operation, snapshot, keyId: 'env:KEY' };

      const admission = await open(ledger, 'job-1', { adopt, budgets: [budgetFor(0)] });
      const other = open(ledger, 'job-2', { budgets: [budgetFor(1)] });

      assert.equal(admission.kind, 'resumed');
      await rejectsWith(other, 'request.over_budget');
    },

    'a job without a price is refused where a budget applies, saying what to do': async (
      ledger,
    ) => {
      const request = openRequest({ quote: null, budgets: [budgetFor(9)] });

      const message = await rejectsWith(ledger.openJob(request), 'request.over_budget');

      assert.match(message, /accounts\.main\.prices/);
      assert.equal((await detailsOf(ledger.openJob(request)))['reason'], 'unpriced');
      assert.equal((await open(ledger, 'job-2', { quote: null })).kind, 'admitted');
    },

    'a budget of a scope counts the jobs of that tenant, batch or account alone': async (
      ledger,
    ) => {
      for (const scope of ['tenant', 'batch', 'account'] as const) {
        const budgets = [budgetFor(1, { scope })];
        const mine = { [scope]: `${scope}-mine`, budgets };
        const others = { [scope]: `${scope}-other`, budgets };

        const kinds = [
          ...(await outcomesOf([open(ledger, `${scope}-1`, mine)])),
          ...(await outcomesOf([open(ledger, `${scope}-2`, others)])),
          ...(await outcomesOf([open(ledger, `${scope}-3`, mine)])),
        ];

        equalValues(kinds, ['admitted', 'admitted', 'request.over_budget']);
      }
    },

    'a budget counts amounts of its own currency alone': async (ledger) => {
      const budgets = [budgetFor(1)];
      await open(ledger, 'job-1', { quote: { ...QUOTE, currency: 'CNY' }, budgets });

      assert.equal((await open(ledger, 'job-2', { budgets })).kind, 'admitted');
    },

    'a day and a month begin at midnight UTC, by the moment of admission': async (ledger) => {
      const days = { budgets: [budgetFor(1, { name: 'day', per: 'day' })], account: 'days' };
      const months = { budgets: [budgetFor(1, { per: 'month' })], account: 'months' };
      const scoped = { scope: 'account' } as const;
      const ask = async (
        jobId: string,
        when: string,
        { budgets, account }: { budgets: Budget[]; account: string },
      ) => {
        const scopedBudgets = budgets.map((budget) => ({ ...budget, ...scoped }));
        return outcomesOf([open(ledger, jobId, { account, budgets: scopedBudgets, at: when })]);
      };

      const kinds = [
        ...(await ask('d1', '2026-11-21T23:59:59.999Z', days)),
        ...(await ask('d2', '2026-11-21T00:00:00.000Z', days)),
        ...(await ask('d3', '2026-11-22T00:00:00.000Z', days)),
        ...(await ask('m1', '2026-11-30T23:59:59.999Z', months)),
        ...(await ask('m2', '2026-11-01T00:00:00.000Z', months)),
        ...(await ask('m3', '2026-12-01T00:00:00.000Z', months)),
      ];

      const [yes, no] = ['admitted', 'request.over_budget'];
      equalValues(kinds, [yes, no, yes, yes, no, yes]);
    },

    'money counts on the day of its admission, whenever it is settled': async (ledger) => {
      const budgets = [budgetFor(1, { per: 'day' })];
      const [today, tomorrow] = ['2026-11-21T23:59:00.000Z', '2026-11-22T00:20:00.000Z'];
      const id = await acceptedJob(ledger, { budgets, at: today });
      const release = { kind: 'release', quote: QUOTE, reason: 'failed' } as const;
      await ledger.recordCost(id, release, tomorrow);

      const kinds = [
        ...(await outcomesOf([open(ledger, 'job-2', { budgets, at: tomorrow })])),
        ...(await outcomesOf([open(ledger, 'job-3', { budgets, at: tomorrow })])),
        ...(await outcomesOf([open(ledger, 'job-4', { budgets, at: today })])),
      ];

      equalValues(kinds, ['admitted', 'request.over_budget', 'admitted']);
    },
  });
}
