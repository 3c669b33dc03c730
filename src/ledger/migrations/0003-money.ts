import type { Kysely, RawBuilder } from 'kysely';
import { sql } from 'kysely';

import type { LedgerDialect } from '../dialect.ts';

/** Adds what budgets, pauses, closed months and sums are kept in, with the sums of the entries that are there. */
export async function addMoneyBook(
  database: Kysely<unknown>,
  dialect: Pick<LedgerDialect, 'text' | 'makeAppendOnly' | 'refuseReplacing'>,
): Promise<void> {
  await createDailyMoney(database, dialect.text);
  await sql`insert into daily_money (${DAILY_COLUMNS}) ${DAILY_MONEY_OF_ENTRIES}`.execute(database);
  await createMonths(database, dialect.text);
  await guard(database, dialect);
  await database.schema
    .createTable('account_pauses')
    .addColumn('account', dialect.text, (column) => column.primaryKey())
    .addColumn('reason', dialect.text, (column) => column.notNull())
    .addColumn('since', dialect.text, (column) => column.notNull())
    .addColumn('until', dialect.text, (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex('entries_at')
    .on('entries')
    .columns(['at', 'job_id', 'number', 'kind', 'sequence'])
    .execute();
}

async function createDailyMoney(
  database: Kysely<unknown>,
  text: LedgerDialect['text'],
): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('daily_money')
    .addColumn('view', text, (column) => column.notNull())
    .addColumn('currency', text, (column) => column.notNull())
    .addColumn('day', text, (column) => column.notNull())
    .addColumn('account', text, (column) => column.notNull())
    .addColumn('model', text, (column) => column.notNull())
    .addColumn('tenant', text, (column) => column.notNull())
    .addColumn('batch', text, (column) => column.notNull())
    .addColumn('reserved', 'bigint', (column) => column.notNull())
    .addColumn('unknown', 'bigint', (column) => column.notNull())
    .addColumn('charged', 'bigint', (column) => column.notNull())
    .addColumn('estimated', 'bigint', (column) => column.notNull())
    .addColumn('charges', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('daily_money_key', [
      'view',
      'currency',
      'day',
      'account',
      'model',
      'tenant',
      'batch',
    ])
    .execute();
  for (const scope of ['tenant', 'batch'] as const) {
    await schema
      .createIndex(`daily_money_${scope}`)
      .on('daily_money')
      .columns(['view', 'currency', scope, 'day'])
      .execute();
  }
}

async function createMonths(database: Kysely<unknown>, text: LedgerDialect['text']): Promise<void> {
  await database.schema
    .createTable('closed_months')
    .addColumn('month', text, (column) => column.primaryKey())
    .addColumn('author', text, (column) => column.notNull())
    .addColumn('closed_at', text, (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('month_totals')
    .addColumn('month', text, (column) => column.notNull())
    .addColumn('currency', text, (column) => column.notNull())
    .addColumn('charged', 'bigint', (column) => column.notNull())
    .addColumn('entries', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', text, (column) => column.notNull())
    .addColumn('author', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('month_totals_key', ['month', 'currency'])
    .execute();
}

const MONTHS = [
  { table: 'closed_months', key: ['month'] },
  { table: 'month_totals', key: ['month', 'currency'] },
];
const ENTRIES = { table: 'entries', key: ['job_id', 'number', 'kind', 'sequence'] };

/** Entries are guarded against changes since the first schema. */
async function guard(
  database: Kysely<unknown>,
  dialect: Pick<LedgerDialect, 'makeAppendOnly' | 'refuseReplacing'>,
): Promise<void> {
  for (const { table } of MONTHS) await dialect.makeAppendOnly(database, table);
  for (const guarded of [ENTRIES, ...MONTHS]) await dialect.refuseReplacing(database, guarded);
}

/** The columns of {@link DAILY_MONEY_OF_ENTRIES}, in its order. */
export const DAILY_COLUMNS: RawBuilder<unknown> = sql`
  "view", currency, "day", account, model, tenant, batch, reserved, "unknown", charged, estimated, charges`;

/** What each entry adds by itself, and what it takes away of the entry whose place it takes. */
const MOVEMENTS = sql`
  select job_id, number, "at", currency,
    case when kind = 'reserve' then micros else 0 end as reserved,
    case when kind = 'unknown' then micros else 0 end as "unknown",
    case when kind in ('charge', 'adjust') then micros else 0 end as charged,
    case when kind = 'charge' then micros * estimated else 0 end as estimated,
    case when kind = 'charge' then 1 else 0 end as charges
  from entries
  union all
  select entry.job_id, entry.number, entry."at", replaced.currency,
    case when replaced.kind = 'reserve' then -replaced.micros else 0 end,
    case when replaced.kind = 'unknown' then -replaced.micros else 0 end,
    0,
    case when replaced.kind = 'charge' then -replaced.micros else 0 end,
    0
  from entries as entry
  join entries as replaced
    on replaced.job_id = entry.job_id and replaced.number = entry.number
  where (entry.kind = 'unknown' and replaced.kind = 'reserve')
    or (entry.kind in ('charge', 'release') and replaced.kind = 'unknown')
    or (entry.kind in ('charge', 'release') and replaced.kind = 'reserve' and not exists (
      select 1 from entries as other
      where other.job_id = entry.job_id and other.number = entry.number and other.kind = 'unknown'))
    or (entry.kind = 'adjust' and entry.sequence = 0
      and replaced.kind = 'charge' and replaced.estimated = 1)`;

/** The rows that `daily_money` must hold, computed from the entries alone. */
export const DAILY_MONEY_OF_ENTRIES: RawBuilder<unknown> = sql`
  select views.name as "view", movements.currency,
    case views.name
      when 'booked' then substr(movements."at", 1, 10)
      else substr(submissions.created_at, 1, 10)
    end as "day",
    submissions.account,
    case views.name when 'admitted_by_account' then '' else submissions.model end as model,
    case views.name when 'admitted_by_account' then '' else coalesce(jobs.tenant, '') end as tenant,
    case views.name when 'admitted_by_account' then '' else coalesce(jobs.batch, '') end as batch,
    sum(movements.reserved) as reserved, sum(movements."unknown") as "unknown",
    sum(movements.charged) as charged, sum(movements.estimated) as estimated,
    sum(movements.charges) as charges
  from (${MOVEMENTS}) as movements
  join submissions
    on submissions.job_id = movements.job_id and submissions.number = movements.number
  join jobs on jobs.job_id = movements.job_id
  cross join (
    select 'booked' as name union all select 'admitted' union all select 'admitted_by_account'
  ) as views
  group by 1, 2, 3, 4, 5, 6, 7`;
