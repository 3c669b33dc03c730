import { createHash } from 'node:crypto';

import type { JsonObject } from '../core/json.ts';
import { canonicalJson } from '../core/json.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';

/** Writes facts that disagree. The same facts of the same submission are one discrepancy, however often they come. */
export async function recordDiscrepancy(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: string,
  facts: JsonObject,
  at: string,
): Promise<void> {
  const text = canonicalJson(facts);
  const identity = canonicalJson([key.jobId, key.number.toString(), kind, text]);
  await transaction
    .insertInto('discrepancies')
    .values({
      discrepancy_id: createHash('sha256').update(identity).digest('hex'),
      job_id: key.jobId,
      number: key.number,
      kind,
      facts: text,
      at,
    })
    .onConflict((conflict) => conflict.column('discrepancy_id').doNothing())
    .execute();
}
