import assert from 'node:assert/strict';

import type { AccountPause } from '../../../../src/core/money-book.ts';
import type { ContractCase } from '../contract-case.ts';
import { equalValues } from '../equal-values.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  accepted,
  acceptedJob,
  armed,
  at,
  decision,
  ledgerCases,
  openRequest,
  rejected,
  result,
  unknownJob,
} from './ledger-under-test.ts';

const PAUSE: AccountPause = {
  reason: 'provider.out_of_credit',
  since: at(10),
  until: at(20),
};
const ONE = { jobId: 'job-1', number: 1 };

/** Laws of `pauseAccount`, `pauses` and of what they keep from being admitted. */
export function pauseLaws(open: OpenLedger): readonly ContractCase[] {
  return ledgerCases(open, {
    'a pause keeps new jobs of its account waiting until it ends': async (ledger) => {
      await ledger.pauseAccount('main', PAUSE);

      const before = await ledger.openJob(openRequest({ at: at(19) }));
      const other = await ledger.openJob(
        openRequest({ jobId: 'job-2', account: 'other', at: at(19) }),
      );
      const after = await ledger.openJob(openRequest({ at: at(20) }));

      equalValues(before, { kind: 'paused', pause: PAUSE });
      equalValues([other.kind, after.kind], ['admitted', 'admitted']);
    },

    'a pause that ends later stands; one that ended is not listed': async (ledger) => {
      await ledger.pauseAccount('main', PAUSE);
      await ledger.pauseAccount('main', { ...PAUSE, until: at(15) });
      await ledger.pauseAccount('other', { ...PAUSE, until: at(12) });
      await ledger.pauseAccount('other', { ...PAUSE, until: at(13) });

      equalValues(
        [...(await ledger.pauses(at(11)))],
        [
          ['main', PAUSE],
          ['other', { ...PAUSE, until: at(13) }],
        ],
      );
      equalValues([...(await ledger.pauses(at(13))).keys()], ['main']);
      equalValues([...(await ledger.pauses(at(20)))], []);
    },

    'nothing that was not sent yet is let through a pause, and nothing is written for it': async (
      ledger,
    ) => {
      await ledger.openJob(openRequest());
      await ledger.openJob(openRequest({ jobId: 'job-2' }));
      await ledger.recordOutcome({ jobId: 'job-2', number: 1 }, rejected(false), at(2));
      await unknownJob(ledger, { jobId: 'job-3' });
      await ledger.openJob(openRequest({ jobId: 'job-4' }));
      await ledger.closeJob('job-4', result({ jobId: 'job-4' }), at(3));
      const before = await ledger.totals({});
      await ledger.pauseAccount('main', PAUSE);

      const kinds = [
        await ledger.openJob(openRequest({ at: at(11) })),
        await ledger.openJob(openRequest({ jobId: 'job-2', number: 2, at: at(11) })),
        await ledger.openJob(
          openRequest({ jobId: 'job-3', number: 2, resubmit: decision('d-1'), at: at(11) }),
        ),
        await ledger.openJob(openRequest({ jobId: 'job-4', rerun: decision('d-2'), at: at(11) })),
      ].map((admission) => admission.kind);

      equalValues(kinds, ['paused', 'paused', 'paused', 'paused']);
      equalValues([await ledger.decisions(), await ledger.totals({})], [[], before]);
      const again = await ledger.openJob(
        openRequest({ jobId: 'job-3', number: 2, resubmit: decision('d-1'), at: at(21) }),
      );
      assert.equal(again.kind, 'admitted');
    },

    'what was sent goes on during a pause, and a task that exists is taken up': async (ledger) => {
      await ledger.openJob(openRequest());
      await armed(ledger);
      await acceptedJob(ledger, { jobId: 'job-2' });
      await ledger.openJob(openRequest({ jobId: 'job-3' }));
      await ledger.closeJob('job-3', result({ jobId: 'job-3' }), at(3));
      await ledger.pauseAccount('main', PAUSE);
      const { taskId, operation, snapshot } = accepted('task-9');
      const adopt = { taskId, operation, snapshot, keyId: 'env:KEY' };

      const kinds = [
        await ledger.openJob(openRequest({ ...ONE, at: at(11) })),
        await ledger.openJob(openRequest({ jobId: 'job-2', at: at(11) })),
        await ledger.openJob(openRequest({ jobId: 'job-3', at: at(11) })),
        await ledger.openJob(openRequest({ jobId: 'job-4', adopt, at: at(11) })),
      ].map((admission) => admission.kind);

      equalValues(kinds, ['resumed', 'resumed', 'ended', 'resumed']);
    },
  });
}
