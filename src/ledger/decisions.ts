import { randomUUID } from 'node:crypto';

import type { Decision } from '../core/job.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';

/** Writes who decided to open or take up a submission that nothing else would have opened. */
export async function recordDecision(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: 'rerun' | 'resubmit',
  decision: Decision,
  at: string,
): Promise<void> {
  await transaction
    .insertInto('decisions')
    .values({
      decision_id: randomUUID(),
      job_id: key.jobId,
      number: key.number,
      kind,
      author: decision.author,
      reason: decision.reason,
      at,
    })
    .execute();
}
