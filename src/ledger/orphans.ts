import type { NewOrphan, OrphanRecord } from '../core/ledger.ts';
import { toMicros } from '../core/money.ts';
import { findEffectiveEntry, readEntries } from './entries.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import { findTaskOwner } from './submissions.ts';
import type { JobRow, OrphanRow } from './tables.ts';

/** Records a task that a late answer named and that its own submission may not hold. Seen again, it keeps its first time. */
export async function recordLateTask(
  transaction: LedgerTransaction,
  job: JobRow,
  key: SubmissionKey,
  taskId: string,
  at: string,
): Promise<void> {
  const quoted = findEffectiveEntry(
    (await readEntries(transaction, key)).filter((entry) => entry.kind === 'reserve'),
  );
  await transaction
    .insertInto('orphans')
    .values({
      realm: job.realm,
      task_id: taskId,
      account: job.account,
      model: job.model,
      first_seen_at: at,
      estimated_micros: quoted?.micros ?? null,
      currency: quoted?.currency ?? null,
      job_id: key.jobId,
      number: key.number,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['realm', 'task_id'])
        .doUpdateSet({ job_id: key.jobId, number: key.number })
        .where('orphans.job_id', 'is', null),
    )
    .execute();
}

/** Records a task that a list showed. Run twice, or after a late answer named it: what is there stays. */
export async function recordOrphan(
  transaction: LedgerTransaction,
  orphan: NewOrphan,
  at: string,
): Promise<void> {
  const { realm, taskId, account, model, estimate } = orphan;
  if ((await findTaskOwner(transaction, realm, taskId)) !== undefined) return;
  await transaction
    .insertInto('orphans')
    .values({
      realm,
      task_id: taskId,
      account,
      model,
      first_seen_at: at,
      estimated_micros: estimate === null ? null : toMicros(estimate.micros),
      currency: estimate?.currency ?? null,
    })
    .onConflict((conflict) => conflict.columns(['realm', 'task_id']).doNothing())
    .execute();
}

/** Called in the transaction that gives the task to a submission: it is no orphan any more. */
export async function removeOrphan(
  transaction: LedgerTransaction,
  realm: string,
  taskId: string,
): Promise<void> {
  await transaction
    .deleteFrom('orphans')
    .where('realm', '=', realm)
    .where('task_id', '=', taskId)
    .execute();
}

/** Oldest first. */
export async function readOrphans(
  database: LedgerDatabase,
  realm: string | undefined,
): Promise<readonly OrphanRecord[]> {
  let query = database
    .selectFrom('orphans')
    .selectAll()
    .orderBy('first_seen_at')
    .orderBy('realm')
    .orderBy('task_id');
  if (realm !== undefined) query = query.where('realm', '=', realm);
  return (await query.execute()).map(toOrphanRecord);
}

function toOrphanRecord(row: OrphanRow): OrphanRecord {
  const { estimated_micros: micros, currency, job_id: jobId, number } = row;
  return {
    realm: row.realm,
    taskId: row.task_id,
    account: row.account,
    model: row.model,
    estimate: micros === null || currency === null ? null : { currency, micros: micros.toString() },
    firstSeenAt: row.first_seen_at,
    submission: jobId === null || number === null ? null : { jobId, number: Number(number) },
  };
}
