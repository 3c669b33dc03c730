import assert from 'node:assert/strict';

import type { DurationKey } from '../../../../src/core/durations.ts';
import type { Ledger } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import { at, ledgerCases } from './ledger-under-test.ts';

const SHORT: DurationKey = { account: 'main', model: 'wan2.6-t2v', variant: 'durationSeconds=5' };
const LONG: DurationKey = { ...SHORT, variant: 'durationSeconds=15' };
const KEPT = 500;

async function record(
  ledger: Ledger,
  jobId: string,
  finishedSeconds: number,
  key: DurationKey = SHORT,
  second: number = finishedSeconds,
): Promise<void> {
  const observed = { unfinishedSeconds: 0.25, finishedSeconds };
  await ledger.recordDuration({ jobId, number: 1 }, key, observed, at(second));
}

async function finished(
  ledger: Ledger,
  filter: Partial<DurationKey> & Pick<DurationKey, 'account' | 'model'>,
  limit = 1000,
): Promise<readonly number[]> {
  return (await ledger.durations(filter, limit)).map(({ finishedSeconds }) => finishedSeconds);
}

/** Laws of the durations that the ledger keeps. */
export function durationLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'durations are listed newest first, of one variant or of all of a model': async (ledger) => {
      await record(ledger, 'job-2', 20);
      await record(ledger, 'job-1', 10);
      await record(ledger, 'job-3', 30, LONG);
      await record(ledger, 'job-4', 40, { ...SHORT, account: 'spare' });
      await record(ledger, 'job-5', 50, { ...SHORT, model: 'other' });
      const { account, model } = SHORT;

      equalValues(await finished(ledger, SHORT), [20, 10]);
      equalValues(await finished(ledger, { account, model }), [30, 20, 10]);
      equalValues(await finished(ledger, { account, model }, 2), [30, 20]);
      equalValues(await ledger.durations(LONG, 5), [
        { unfinishedSeconds: 0.25, finishedSeconds: 30 },
      ]);
      equalValues(await ledger.durations({ ...SHORT, variant: '' }, 5), []);
    },

    'the first duration of a submission stays, and the job need not be known': async (ledger) => {
      await record(ledger, 'job-1', 10.125);
      await record(ledger, 'job-1', 20);
      const second = { jobId: 'job-1', number: 2 };
      const observed = { unfinishedSeconds: 1, finishedSeconds: 2 };
      await ledger.recordDuration(second, SHORT, observed, at(30));

      equalValues(await finished(ledger, SHORT), [2, 10.125]);
    },

    'the newest durations of each variant are kept, and one that comes late is not': async (
      ledger,
    ) => {
      await record(ledger, 'long', 1, LONG);
      for (let index = 0; index < KEPT + 5; index += 1) {
        await record(ledger, `job-${index}`, index, SHORT, 10 + index);
      }
      await record(ledger, 'late', 0.5, SHORT, 1);

      const kept = await finished(ledger, SHORT);

      assert.equal(kept.length, KEPT);
      equalValues([kept[0], kept.at(-1)], [KEPT + 4, 5]);
      equalValues(await finished(ledger, LONG), [1]);
    },
  });
}
