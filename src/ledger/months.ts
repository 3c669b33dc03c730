import { sql } from 'kysely';

import { RequestError } from '../core/errors.ts';
import type { MonthTotal } from '../core/money-book.ts';
import { endOfMonth, isMonth } from './calendar.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import type { MonthTotalsTable } from './tables.ts';
import type { Selectable } from 'kysely';

/**
 * Fixes the totals of a month and of every open one before it. From then on no entry is dated into them. Run twice: the
 * totals that were fixed first, with their author. Returns those of all months up to this one, oldest first. Throws
 * `request.invalid` for a month that has not ended.
 */
export async function closeMonth(
  transaction: LedgerTransaction,
  month: string,
  author: string,
  at: string,
): Promise<readonly MonthTotal[]> {
  refuseOpenMonth(month, at);
  const last = await findLastClosedMonth(transaction);
  if (last === null || last < month) {
    await writeTotals(transaction, last, month, { author, closed_at: at });
    await transaction
      .insertInto('closed_months')
      .values({ month, author, closed_at: at })
      .execute();
  }
  return (await readClosedMonths(transaction)).filter((total) => total.month <= month);
}

function refuseOpenMonth(month: string, at: string): void {
  if (!isMonth(month)) {
    throw new RequestError('request.invalid', `"${month}" is not a month: write it as 2026-11`, {
      details: { field: 'month' },
    });
  }
  const end = endOfMonth(month);
  if (end <= at) return;
  throw new RequestError(
    'request.invalid',
    `month ${month} cannot be closed: it ends at ${end}; close it after that`,
    { details: { field: 'month', endsAt: end } },
  );
}

async function findLastClosedMonth(database: LedgerDatabase): Promise<string | null> {
  const { month } = await database
    .selectFrom('closed_months')
    .select(({ fn }) => fn.max<string | null>('month').as('month'))
    .executeTakeFirstOrThrow();
  return month;
}

/** From the entries themselves: what is fixed must not lean on sums that can be computed anew. */
async function writeTotals(
  transaction: LedgerTransaction,
  lastClosed: string | null,
  month: string,
  signature: Pick<Selectable<MonthTotalsTable>, 'author' | 'closed_at'>,
): Promise<void> {
  let query = transaction
    .selectFrom('entries')
    .select((expression) => [
      sql<string>`substr(${expression.ref('at')}, 1, 7)`.as('month'),
      'currency',
      expression.fn
        .sum<bigint>(
          expression
            .case()
            .when('kind', 'in', ['charge', 'adjust'])
            .then(expression.ref('micros'))
            .else(expression.lit(0))
            .end(),
        )
        .as('charged'),
      expression.fn.countAll<bigint>().as('entries'),
    ])
    .where('at', '<', endOfMonth(month));
  if (lastClosed !== null) query = query.where('at', '>=', endOfMonth(lastClosed));
  const totals = await query.groupBy([sql`1`, 'currency']).execute();
  if (totals.length === 0) return;
  const rows = totals.map((total) => ({ ...total, ...signature }));
  await transaction.insertInto('month_totals').values(rows).execute();
}

/** Oldest first. */
export async function readClosedMonths(database: LedgerDatabase): Promise<readonly MonthTotal[]> {
  const rows = await database
    .selectFrom('month_totals')
    .selectAll()
    .orderBy('month')
    .orderBy('currency')
    .execute();
  return rows.map((row) => ({
    month: row.month,
    currency: row.currency,
    chargedMicros: row.charged.toString(),
    entries: Number(row.entries),
    closedAt: row.closed_at,
    author: row.author,
  }));
}
