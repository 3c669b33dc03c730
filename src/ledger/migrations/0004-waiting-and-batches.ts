import type { Kysely } from 'kysely';
import { sql } from 'kysely';

import type { LedgerDialect } from '../dialect.ts';

/** Adds what is known of how long tasks take, which jobs wait for a place, and the budgets of batches. */
export async function addWaitingAndBatches(
  database: Kysely<unknown>,
  { text }: Pick<LedgerDialect, 'text'>,
): Promise<void> {
  await createDurations(database, text);
  await createWaiters(database, text);
  await database.schema
    .createTable('batch_budgets')
    .addColumn('batch', text, (column) => column.primaryKey())
    .addColumn('currency', text, (column) => column.notNull())
    .addColumn('limit_micros', 'bigint', (column) => column.notNull())
    .addColumn('set_at', text, (column) => column.notNull())
    .execute();
  await indexBatches(database);
}

async function createDurations(
  database: Kysely<unknown>,
  text: LedgerDialect['text'],
): Promise<void> {
  await database.schema
    .createTable('durations')
    .addColumn('job_id', text, (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('account', text, (column) => column.notNull())
    .addColumn('model', text, (column) => column.notNull())
    .addColumn('variant', text, (column) => column.notNull())
    .addColumn('unfinished_ms', 'bigint', (column) => column.notNull())
    .addColumn('finished_ms', 'bigint', (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('durations_key', ['job_id', 'number'])
    .execute();
  await database.schema
    .createIndex('durations_variant')
    .on('durations')
    .columns(['account', 'model', 'variant', 'at', 'job_id', 'number'])
    .execute();
  await database.schema
    .createIndex('durations_model')
    .on('durations')
    .columns(['account', 'model', 'at', 'job_id', 'number'])
    .execute();
}

async function createWaiters(
  database: Kysely<unknown>,
  text: LedgerDialect['text'],
): Promise<void> {
  await database.schema
    .createTable('waiters')
    .addColumn('job_id', text, (column) => column.primaryKey())
    .addColumn('account', text, (column) => column.notNull())
    .addColumn('rank', text, (column) => column.notNull())
    .addColumn('tenant', text, (column) => column.notNull())
    .addColumn('since', text, (column) => column.notNull())
    .addColumn('until', text, (column) => column.notNull())
    .execute();
  // Holds every column, so that counting thousands who wait reads no row.
  await database.schema
    .createIndex('waiters_line')
    .on('waiters')
    .columns(['account', 'rank', 'tenant', 'since', 'until', 'job_id'])
    .execute();
  await database.schema.createIndex('waiters_until').on('waiters').column('until').execute();
}

/** The batch comes before the currency, so that the money of a batch is found in whichever currency it is. */
async function indexBatches(database: Kysely<unknown>): Promise<void> {
  await database.schema.dropIndex('daily_money_batch').execute();
  await database.schema
    .createIndex('daily_money_batch')
    .on('daily_money')
    .columns(['view', 'batch', 'currency', 'day'])
    .execute();
  await sql`create index submissions_unknown on submissions (job_id) where state = 'unknown'`.execute(
    database,
  );
}
