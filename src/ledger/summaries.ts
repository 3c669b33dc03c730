import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';

import type { MoneyDimension, MoneyFilter, MoneyLine } from '../core/money-book.ts';
import type { LedgerDatabase } from './session.ts';

/** Sums of `daily_money` have as many rows as there are days and owners, however many entries there are. */
export async function summarizeMoney(
  database: LedgerDatabase,
  filter: MoneyFilter,
  by: readonly MoneyDimension[],
): Promise<readonly MoneyLine[]> {
  const dimensions = by.map((dimension, index) => sql`${COLUMNS[dimension]} as ${nameOf(index)}`);
  const positions = sql.join([...by, 'currency'].map((_, index) => sql.lit(index + 1)));
  const { rows } = await sql<SumRow>`
    select ${sql.join([...dimensions, sql`currency`])},
      sum(charged) as charged, sum(estimated) as estimated, sum(reserved) as reserved,
      sum("unknown") as "unknown", sum(charges) as charges
    from daily_money where ${sql.join(toConditions(filter), sql` and `)}
    group by ${positions} order by ${positions}`.execute(database);
  return rows.map((row) => toLine(row, by));
}

const COLUMNS: Readonly<Record<MoneyDimension, RawBuilder<string>>> = {
  tenant: sql`tenant`,
  batch: sql`batch`,
  account: sql`account`,
  model: sql`model`,
  day: sql`"day"`,
  month: sql`substr("day", 1, 7)`,
};

interface SumRow extends Readonly<Record<`group_${number}`, string>> {
  readonly currency: string;
  readonly charged: bigint;
  readonly estimated: bigint;
  readonly reserved: bigint;
  readonly unknown: bigint;
  readonly charges: bigint;
}

function nameOf(index: number): RawBuilder<unknown> {
  return sql.id(`group_${index}`);
}

function toConditions(filter: MoneyFilter): readonly RawBuilder<unknown>[] {
  const conditions = [sql`"view" = ${filter.dated ?? 'booked'}`];
  const { from, before, tenant, batch, account, model, currency } = filter;
  if (from !== undefined) conditions.push(sql`"day" >= ${from}`);
  if (before !== undefined) conditions.push(sql`"day" < ${before}`);
  const equal = { tenant, batch, account, model, currency };
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) conditions.push(sql`${sql.ref(column)} = ${value}`);
  }
  return conditions;
}

function toLine(row: SumRow, by: readonly MoneyDimension[]): MoneyLine {
  const group = by.map((dimension, index) => [dimension, toName(row[`group_${index}`])] as const);
  return {
    group: Object.fromEntries(group),
    currency: row.currency,
    chargedMicros: row.charged.toString(),
    estimatedMicros: row.estimated.toString(),
    reservedMicros: row.reserved.toString(),
    unknownMicros: row.unknown.toString(),
    charges: Number(row.charges),
  };
}

function toName(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
