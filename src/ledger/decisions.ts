import { LedgerError } from '../core/errors.ts';
import type { DecisionRecord } from '../core/job.ts';
import type { DecisionEntry, DecisionKind } from '../core/ledger.ts';
import type { SubmissionKey } from './rows.ts';
import { toSubmissionId } from './rows.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import type { DecisionRow, SubmissionRow } from './tables.ts';

/** Writes what a person or a policy decided. The caller has looked: no decision has this id. */
export async function recordDecision(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: DecisionKind,
  decision: DecisionRecord,
  at: string,
): Promise<void> {
  await transaction
    .insertInto('decisions')
    .values({
      decision_id: decision.id,
      job_id: key.jobId,
      number: key.number,
      kind,
      author: decision.author,
      reason: decision.reason,
      at,
    })
    .execute();
}

/** True where a job's decision is written already. `ledger.conflict` where its id stands for another one. */
export async function isDecided(
  transaction: LedgerTransaction,
  jobId: string,
  kind: DecisionKind,
  { id }: DecisionRecord,
): Promise<boolean> {
  const row = await transaction
    .selectFrom('decisions')
    .select(['job_id', 'kind'])
    .where('decision_id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return false;
  if (row.job_id === jobId && row.kind === kind) return true;
  throw new LedgerError(
    'ledger.conflict',
    `decision ${id} of job ${jobId}, ${kind}, cannot be written: its id stands for ` +
      `decision ${row.kind} of job ${row.job_id}; decide again under a new id`,
    { details: { decisionId: id, jobId, recordedJobId: row.job_id, recordedKind: row.kind } },
  );
}

/**
 * True for a submission that a rerun took up as it was. One that a rerun opened was made at the moment of its decision.
 */
export async function isTakenUpAgain(
  transaction: LedgerTransaction,
  row: SubmissionRow,
): Promise<boolean> {
  const decision = await transaction
    .selectFrom('decisions')
    .select('decision_id')
    .where('job_id', '=', row.job_id)
    .where('number', '=', row.number)
    .where('kind', '=', 'rerun')
    .where('at', '!=', row.created_at)
    .executeTakeFirst();
  return decision !== undefined;
}

/** Oldest first. */
export async function readDecisions(
  database: LedgerDatabase,
  jobId: string | undefined,
): Promise<readonly DecisionEntry[]> {
  let query = database.selectFrom('decisions').selectAll().orderBy('at').orderBy('decision_id');
  if (jobId !== undefined) query = query.where('job_id', '=', jobId);
  return (await query.execute()).map(toDecisionEntry);
}

/** What {@link recordDecision} wrote is read back: the cast names what that was. */
function toDecisionEntry(row: DecisionRow): DecisionEntry {
  return {
    ...toSubmissionId(row),
    id: row.decision_id,
    kind: row.kind as DecisionKind,
    author: row.author,
    reason: row.reason,
    at: row.at,
  };
}
