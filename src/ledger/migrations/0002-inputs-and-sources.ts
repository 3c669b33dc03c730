import type { Kysely } from 'kysely';

import type { LedgerDialect } from '../dialect.ts';

/** What this migration reads and writes of the tables. */
type Submissions = Record<
  'submissions',
  { task_id: string | null; armed_at: string | null; source: string | null }
>;

/**
 * Keeps what a job was started with, which attempt may send a submission, and where the id of a task came from. Until
 * now an id came from the reply to the submission's own POST, or from the input of a job that was never armed.
 */
export async function addInputsAndSources(
  database: Kysely<unknown>,
  { text }: Pick<LedgerDialect, 'text'>,
): Promise<void> {
  const { schema } = database;
  await schema.alterTable('jobs').addColumn('input', text).execute();
  await schema.alterTable('submissions').addColumn('source', text).execute();
  await schema.alterTable('submissions').addColumn('arming_id', text).execute();
  const tasks = database
    .withTables<Submissions>()
    .updateTable('submissions')
    .where('task_id', 'is not', null);
  await tasks.set({ source: 'reply' }).where('armed_at', 'is not', null).execute();
  await tasks.set({ source: 'input' }).where('armed_at', 'is', null).execute();

  await schema
    .createIndex('submissions_realm')
    .on('submissions')
    .columns(['realm', 'state', 'armed_at'])
    .execute();
  for (const table of ['decisions', 'discrepancies'] as const) {
    await schema
      .createIndex(`${table}_submission`)
      .on(table)
      .columns(['job_id', 'number'])
      .execute();
  }
}
