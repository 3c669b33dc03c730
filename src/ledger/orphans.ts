import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { findEffectiveEntry, readEntries } from './entries.ts';
import type { JobRow } from './tables.ts';

/** Records a task that its own submission may not hold. Seen again, it keeps its first time. */
export async function recordOrphan(
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
