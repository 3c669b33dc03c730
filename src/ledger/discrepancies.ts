import { createHash } from 'node:crypto';

import type { JsonObject } from '../core/json.ts';
import { canonicalJson } from '../core/json.ts';
import type { DiscrepancyEntry } from '../core/ledger.ts';
import type { SubmissionKey } from './rows.ts';
import { toSubmissionId } from './rows.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import type { DiscrepancyRow } from './tables.ts';

/** Kind of the discrepancy that goes with money of which nothing proves that it is owed. */
export const UNPROVED_BILLING = 'unproved_billing';

/** Kind of the discrepancy of a submission whose inferred task turned out to be another one's. */
export const TASK_CLAIMED_BY_REPLY = 'task_claimed_by_reply';

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

export async function hasDiscrepancy(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: string,
): Promise<boolean> {
  const row = await transaction
    .selectFrom('discrepancies')
    .select('discrepancy_id')
    .where('job_id', '=', key.jobId)
    .where('number', '=', key.number)
    .where('kind', '=', kind)
    .executeTakeFirst();
  return row !== undefined;
}

/** Oldest first. */
export async function readDiscrepancies(
  database: LedgerDatabase,
  jobId: string | undefined,
): Promise<readonly DiscrepancyEntry[]> {
  let query = database
    .selectFrom('discrepancies')
    .selectAll()
    .orderBy('at')
    .orderBy('discrepancy_id');
  if (jobId !== undefined) query = query.where('job_id', '=', jobId);
  return (await query.execute()).map(toDiscrepancyEntry);
}

function toDiscrepancyEntry(row: DiscrepancyRow): DiscrepancyEntry {
  return {
    ...toSubmissionId(row),
    kind: row.kind,
    facts: JSON.parse(row.facts) as JsonObject,
    at: row.at,
  };
}
