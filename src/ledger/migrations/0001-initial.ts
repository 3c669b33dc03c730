import type { CreateTableBuilder, Kysely } from 'kysely';

import type { LedgerDialect } from '../dialect.ts';

/** The seven tables. Released: a change is a new migration. */
export async function createTables(
  database: Kysely<unknown>,
  dialect: Pick<LedgerDialect, 'text' | 'makeAppendOnly'>,
): Promise<void> {
  const { text } = dialect;
  await database.schema
    .createTable('jobs')
    .addColumn('job_id', text, (column) => column.primaryKey())
    .addColumn('request_hash', text, (column) => column.notNull())
    .addColumn('tenant', text)
    .addColumn('batch', text)
    .addColumn('account', text, (column) => column.notNull())
    .addColumn('provider', text, (column) => column.notNull())
    .addColumn('realm', text, (column) => column.notNull())
    .addColumn('model', text, (column) => column.notNull())
    .addColumn('current_number', 'bigint', (column) => column.notNull())
    .addColumn('created_at', text, (column) => column.notNull())
    .addColumn('ended_at', text)
    .addColumn('end_status', text)
    .addColumn('result', text)
    .execute();
  for (const column of ['created_at', 'batch', 'tenant', 'account'] as const) {
    await database.schema.createIndex(`jobs_${column}`).on('jobs').column(column).execute();
  }

  await withSubmission(database.schema.createTable('submissions'), text)
    .addColumn('account', text, (column) => column.notNull())
    .addColumn('realm', text, (column) => column.notNull())
    .addColumn('model', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('task_id', text)
    .addColumn('operation', text)
    .addColumn('snapshot', text)
    .addColumn('error', text)
    .addColumn('evidence', text)
    .addColumn('key_id', text)
    .addColumn('newest_known_task_id', text)
    .addColumn('worker', text)
    .addColumn('armed_at', text)
    .addColumn('deadline_at', text)
    .addColumn('created_at', text, (column) => column.notNull())
    .addColumn('ended_at', text)
    .addColumn('ended_reason', text)
    .addPrimaryKeyConstraint('submissions_key', ['job_id', 'number'])
    .addUniqueConstraint('submissions_task', ['realm', 'task_id'])
    .addForeignKeyConstraint('submissions_job', ['job_id'], 'jobs', ['job_id'])
    .execute();
  await database.schema
    .createIndex('submissions_places')
    .on('submissions')
    .columns(['account', 'ended_at'])
    .execute();

  await withSubmission(database.schema.createTable('entries'), text)
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('micros', 'bigint', (column) => column.notNull())
    .addColumn('currency', text, (column) => column.notNull())
    .addColumn('basis', text, (column) => column.notNull())
    .addColumn('price_source', text, (column) => column.notNull())
    .addColumn('estimated', 'bigint', (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('entries_key', ['job_id', 'number', 'kind', 'sequence'])
    .addForeignKeyConstraint('entries_submission', ['job_id', 'number'], 'submissions', [
      'job_id',
      'number',
    ])
    .execute();
  await dialect.makeAppendOnly(database, 'entries');

  await withSubmission(database.schema.createTable('artifacts'), text)
    .addColumn('artifact_index', 'bigint', (column) => column.notNull())
    .addColumn('key', text, (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('sha256', text, (column) => column.notNull())
    .addColumn('artifact', text, (column) => column.notNull())
    .addColumn('source_url_origin', text)
    .addColumn('at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('artifacts_key', ['job_id', 'number', 'artifact_index'])
    .addForeignKeyConstraint('artifacts_submission', ['job_id', 'number'], 'submissions', [
      'job_id',
      'number',
    ])
    .execute();

  await database.schema
    .createTable('orphans')
    .addColumn('realm', text, (column) => column.notNull())
    .addColumn('task_id', text, (column) => column.notNull())
    .addColumn('account', text, (column) => column.notNull())
    .addColumn('model', text, (column) => column.notNull())
    .addColumn('first_seen_at', text, (column) => column.notNull())
    .addColumn('estimated_micros', 'bigint')
    .addColumn('currency', text)
    .addColumn('job_id', text)
    .addColumn('number', 'bigint')
    .addPrimaryKeyConstraint('orphans_key', ['realm', 'task_id'])
    .execute();

  await withSubmission(database.schema.createTable('decisions'), text)
    .addColumn('decision_id', text, (column) => column.primaryKey())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('author', text, (column) => column.notNull())
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .execute();

  await withSubmission(database.schema.createTable('discrepancies'), text)
    .addColumn('discrepancy_id', text, (column) => column.primaryKey())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('facts', text, (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .execute();
}

function withSubmission<Table extends string>(
  table: CreateTableBuilder<Table>,
  text: LedgerDialect['text'],
): CreateTableBuilder<Table, 'job_id' | 'number'> {
  return table
    .addColumn('job_id', text, (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull());
}
