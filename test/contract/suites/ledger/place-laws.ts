import assert from 'node:assert/strict';

import type { Ledger, OpenJobRequest } from '../../../../src/core/ledger.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import { rejectsWith } from '../rejects-with.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  acceptedJob,
  at,
  decision,
  ledgerCases,
  openRequest,
  result,
} from './ledger-under-test.ts';

/** How long the first in line counts as waiting: twice its wait of two seconds, and fifteen more. */
const FIRST_COUNTS_SECONDS = 19;

/** Asks for a place and says what came of it, as `admitted` or `full AHEAD`. */
async function ask(
  ledger: Ledger,
  jobId: string,
  second: number,
  changes: Partial<OpenJobRequest> = {},
): Promise<string> {
  const answer = await ledger.openJob(
    openRequest({ jobId, places: 1, at: at(second), ...changes }),
  );
  return answer.kind === 'full' ? `full ${answer.ahead}` : answer.kind;
}

const BATCH = { rank: 'batch' } as const;

/** Opens jobs of a tenant that have their places. */
async function occupy(ledger: Ledger, tenant: string | null, jobs: number): Promise<void> {
  for (let index = 0; index < jobs; index += 1) {
    const jobId = `open-of-${tenant ?? 'nobody'}-${index}`;
    assert.equal(await ask(ledger, jobId, 0, { tenant, places: 99 }), 'admitted');
  }
}

async function close(ledger: Ledger, jobId: string, second: number): Promise<void> {
  await ledger.closeJob(jobId, result({ jobId }), at(second));
}

/** Laws of who gets a place of an account where several wait. */
export function placeLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a job that waits is told how many go before it: of a higher rank, or for longer': async (
      ledger,
    ) => {
      const none = { places: 0 };
      const answers = [
        await ask(ledger, 'first', 0, none),
        await ask(ledger, 'night', 1, { ...none, ...BATCH }),
        await ask(ledger, 'second', 2, none),
        await ask(ledger, 'late-night', 3, { ...none, ...BATCH }),
        await ask(ledger, 'night', 4, { ...none, ...BATCH }),
        await ask(ledger, 'elsewhere', 4, { ...none, account: 'spare' }),
      ];

      equalValues(answers, ['full 0', 'full 1', 'full 1', 'full 3', 'full 2', 'full 0']);
    },

    'a job keeps its turn when it asks again': async (ledger) => {
      await ask(ledger, 'first', 0, { places: 0 });
      await ask(ledger, 'second', 1, { places: 0 });

      const answers = [
        await ask(ledger, 'first', 2, { places: 0 }),
        await ask(ledger, 'second', 3, { places: 0 }),
      ];

      equalValues(answers, ['full 0', 'full 1']);
    },

    'a free place is kept for the job somebody waits for, and not given to a batch': async (
      ledger,
    ) => {
      await ask(ledger, 'job-1', 0);
      await ask(ledger, 'night', 1, BATCH);
      await ask(ledger, 'person', 2);
      await close(ledger, 'job-1', 3);

      const batch = await ledger.openJob(
        openRequest({ jobId: 'night', places: 1, at: at(4), ...BATCH }),
      );
      const person = await ask(ledger, 'person', 5);

      equalValues(batch, { kind: 'full', taken: 0, ahead: 1 });
      assert.equal(person, 'admitted');
    },

    'a batch takes the places that are free beside those that people wait for': async (ledger) => {
      await ask(ledger, 'person', 0, { places: 0 });

      const answers = [
        await ask(ledger, 'night-1', 1, { places: 2, ...BATCH }),
        await ask(ledger, 'night-2', 2, { places: 2, ...BATCH }),
        await ask(ledger, 'person', 3, { places: 2 }),
      ];

      equalValues(answers, ['admitted', 'full 1', 'admitted']);
    },

    'a job that waits in a batch keeps no place from one that somebody waits for': async (
      ledger,
    ) => {
      await occupy(ledger, 'acme', 1);
      await ask(ledger, 'night', 0, { places: 1, tenant: 'other', ...BATCH });

      assert.equal(await ask(ledger, 'person', 1, { places: 2, tenant: 'acme' }), 'admitted');
    },

    'a job that does not ask again keeps no place once its time is over': async (ledger) => {
      await ask(ledger, 'died', 0, { places: 0 });

      const answers = [
        await ask(ledger, 'night', FIRST_COUNTS_SECONDS, BATCH),
        await ask(ledger, 'night', FIRST_COUNTS_SECONDS + 1, BATCH),
      ];

      equalValues(answers, ['full 1', 'admitted']);
    },

    'a job far behind in line counts for as long as it was told to wait': async (ledger) => {
      const slow = { places: 1, typicalSeconds: 600 };
      await ask(ledger, 'job-1', 0, slow);
      await ask(ledger, 'first', 0, slow);
      await ask(ledger, 'second', 1, slow);
      await close(ledger, 'job-1', 2);

      const answers = [
        await ask(ledger, 'night', 615, { ...slow, ...BATCH }),
        await ask(ledger, 'night', 617, { ...slow, ...BATCH }),
      ];

      equalValues(answers, ['full 1', 'admitted']);
    },

    'a free place goes to the tenant that has fewer submissions open': async (ledger) => {
      await occupy(ledger, 'busy', 2);
      await occupy(ledger, 'idle', 1);
      await ask(ledger, 'of-busy', 1, { tenant: 'busy', places: 3 });
      await ask(ledger, 'of-idle', 2, { tenant: 'idle', places: 3 });

      const answers = [
        await ask(ledger, 'of-busy', 3, { tenant: 'busy', places: 4 }),
        await ask(ledger, 'of-idle', 4, { tenant: 'idle', places: 4 }),
        await ask(ledger, 'of-busy', 5, { tenant: 'busy', places: 5 }),
      ];

      equalValues(answers, ['full 1', 'admitted', 'admitted']);
    },

    'tenants with as many submissions open take places as they ask': async (ledger) => {
      await occupy(ledger, 'one', 1);
      await occupy(ledger, 'two', 1);
      await ask(ledger, 'of-two', 1, { tenant: 'two', places: 2 });

      assert.equal(await ask(ledger, 'of-one', 2, { tenant: 'one', places: 3 }), 'admitted');
    },

    'tenants that wait take turns, so that whoever the places are kept for asks soon': async (
      ledger,
    ) => {
      const none = { places: 0 };
      for (const index of [1, 2, 3]) await ask(ledger, `many-${index}`, index, none);

      const answers = [
        await ask(ledger, 'one', 4, { ...none, tenant: 'acme' }),
        await ask(ledger, 'many-1', 5, none),
        await ask(ledger, 'many-2', 6, none),
        await ask(ledger, 'many-3', 7, none),
      ];

      equalValues(answers, ['full 0', 'full 0', 'full 2', 'full 3']);
    },

    'the jobs without a tenant count as one': async (ledger) => {
      await occupy(ledger, null, 2);
      await occupy(ledger, 'idle', 1);
      await ask(ledger, 'of-idle', 1, { tenant: 'idle', places: 3 });
      await ask(ledger, 'of-nobody', 1, { places: 3 });

      const answers = [
        await ask(ledger, 'of-nobody', 2, { places: 4 }),
        await ask(ledger, 'of-idle', 3, { tenant: 'idle', places: 4 }),
      ];

      equalValues(answers, ['full 1', 'admitted']);
    },

    'a job that has a place, has ended or was refused waits no longer': async (ledger) => {
      await ask(ledger, 'admitted', 0, { places: 0 });
      await ask(ledger, 'closed', 0, { places: 0 });
      await ask(ledger, 'refused', 0, { places: 0 });
      assert.equal(await ask(ledger, 'last', 1, { places: 0 }), 'full 3');

      await ask(ledger, 'admitted', 2, { places: 9 });
      await close(ledger, 'closed', 2);
      const budget = { name: 'none', scope: 'all', of: null, per: 'ever' } as const;
      const budgets = [{ ...budget, currency: 'USD', limitMicros: '0' }];
      const refused = ask(ledger, 'refused', 2, { places: 9, budgets });
      await rejectsWith(refused, 'request.over_budget');

      assert.equal(await ask(ledger, 'last', 3, { places: 1 }), 'full 0');
      assert.equal(await ask(ledger, 'night', 3, { places: 3, ...BATCH }), 'admitted');
    },

    'a job that runs again waits in line, and is out of it where it turns out to have ended':
      async (ledger) => {
        await acceptedJob(ledger);
        await close(ledger, 'job-1', 3);
        await ask(ledger, 'other', 4);

        const again = { rerun: decision('decision-1') };
        const waiting = await ask(ledger, 'job-1', 5, again);
        const behind = await ask(ledger, 'night', 6, BATCH);
        const ended = await ask(ledger, 'job-1', 7);
        const behindNobody = await ask(ledger, 'night', 8, BATCH);
        await close(ledger, 'other', 9);
        const admitted = await ask(ledger, 'job-1', 10, again);

        equalValues(
          [waiting, behind, ended, behindNobody, admitted],
          ['full 0', 'full 1', 'ended', 'full 0', 'admitted'],
        );
        equalValues(
          (await ledger.entries('job-1')).map(({ number, kind }) => `${number} ${kind}`),
          ['1 reserve', '1 unknown', '2 reserve'],
        );
      },
  });
}
