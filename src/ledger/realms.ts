import type { SubmissionId, SubmissionRecord } from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { toSubmissionId, toSubmissionRecord } from './rows.ts';
import type { LedgerDatabase } from './session.ts';

/** Ids that a provider never gave: of accepted submissions whose reply named none. */
const LOCAL_TASK_IDS = 'local-%';

/** Databases bound the parameters of one statement. */
const TASK_IDS_PER_STATEMENT = 500;

/**
 * The task that was armed for last, else the newest id that an arming was told. A task that somebody named, rather than
 * the provider, may be of any age or of no list at all.
 */
export async function readNewestTaskId(
  database: LedgerDatabase,
  realm: string,
): Promise<string | null> {
  const newest = database
    .selectFrom('submissions')
    .where('realm', '=', realm)
    .where('armed_at', 'is not', null)
    .orderBy('armed_at', 'desc')
    .orderBy('job_id', 'desc')
    .orderBy('number', 'desc')
    .limit(1n);
  const accepted = await newest
    .select('task_id')
    .where('state', '=', 'accepted')
    .where('task_id', 'not like', LOCAL_TASK_IDS)
    .where('source', 'not in', ['operator', 'input'])
    .executeTakeFirst();
  if (accepted !== undefined) return accepted.task_id;
  const told = await newest
    .select('newest_known_task_id')
    .where('newest_known_task_id', 'is not', null)
    .executeTakeFirst();
  return told?.newest_known_task_id ?? null;
}

/** Submissions that may have a task nobody has named, in the order in which they were armed. */
export async function readUndecided(
  database: LedgerDatabase,
  sealer: Sealer,
  realm: string,
  model: string,
  since: string,
): Promise<readonly SubmissionRecord[]> {
  const rows = await database
    .selectFrom('submissions')
    .selectAll()
    .where('realm', '=', realm)
    .where('model', '=', model)
    .where('state', 'in', ['armed', 'unknown'])
    .where('armed_at', '>', since)
    .orderBy('armed_at')
    .orderBy('job_id')
    .orderBy('number')
    .execute();
  return rows.map((row) => toSubmissionRecord(row, sealer));
}

export async function readOwners(
  database: LedgerDatabase,
  realm: string,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, SubmissionId>> {
  const owners = new Map<string, SubmissionId>();
  for (let start = 0; start < taskIds.length; start += TASK_IDS_PER_STATEMENT) {
    const rows = await database
      .selectFrom('submissions')
      .select(['task_id', 'job_id', 'number'])
      .where('realm', '=', realm)
      .where('task_id', 'in', taskIds.slice(start, start + TASK_IDS_PER_STATEMENT))
      .execute();
    for (const row of rows) if (row.task_id !== null) owners.set(row.task_id, toSubmissionId(row));
  }
  return owners;
}
