import { sql } from 'kysely';

import type { BatchBook, BatchBudget, BatchFigures } from '../core/batch-book.ts';
import type { BatchMoney } from '../core/batch.ts';
import type { Budget } from '../core/budget.ts';
import { toMicros } from '../core/money.ts';
import type { LedgerDatabase, LedgerTransaction, Session } from './session.ts';

/** The ledger's members for batches. */
export function createBatchBook({ read, write }: Session): BatchBook {
  return {
    setBatchBudget: (batch, budget, at) =>
      write((transaction) => setBatchBudget(transaction, batch, budget, at)),
    batchBudget: (batch) => read((database) => readBatchBudget(database, batch)),
    batchFigures: (batch) => read((database) => readBatchFigures(database, batch)),
  };
}

async function setBatchBudget(
  transaction: LedgerTransaction,
  batch: string,
  budget: BatchBudget | null,
  at: string,
): Promise<void> {
  if (budget === null) {
    await transaction.deleteFrom('batch_budgets').where('batch', '=', batch).execute();
    return;
  }
  const set = { currency: budget.currency, limit_micros: toMicros(budget.limitMicros), set_at: at };
  await transaction
    .insertInto('batch_budgets')
    .values({ batch, ...set })
    .onConflict((conflict) => conflict.column('batch').doUpdateSet(set))
    .execute();
}

async function readBatchBudget(
  database: LedgerDatabase,
  batch: string,
): Promise<BatchBudget | null> {
  const row = await database
    .selectFrom('batch_budgets')
    .select(['currency', 'limit_micros'])
    .where('batch', '=', batch)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { currency: row.currency, limitMicros: row.limit_micros.toString() };
}

/** The budget that was set for a job's batch at run time, as one of the configuration would be written. */
export async function findBatchBudget(
  transaction: LedgerTransaction,
  batch: string | null,
): Promise<Budget | undefined> {
  if (batch === null) return undefined;
  const budget = await readBatchBudget(transaction, batch);
  if (budget === null) return undefined;
  return { name: `batch ${batch}`, scope: 'batch', of: batch, per: 'ever', ...budget };
}

interface FiguresRow {
  /** `null` in the row that counts the unknown submissions. */
  readonly currency: string | null;
  readonly count: bigint;
  readonly spent: bigint;
  readonly reserved: bigint;
  readonly unknown: bigint;
}

/**
 * One statement, so that it sees one state of the book. Its money comes from the sums of days, which have as many rows
 * as a batch has days and models. Its count begins with the unknown submissions of all batches, which are few: a cross
 * join keeps that order, and their state is part of the statement because the index is of that state.
 */
async function readBatchFigures(database: LedgerDatabase, batch: string): Promise<BatchFigures> {
  const { rows } = await sql<FiguresRow>`
    select null as currency, count(*) as "count", 0 as spent, 0 as reserved, 0 as "unknown"
    from submissions cross join jobs
    where submissions.state = 'unknown' and jobs.job_id = submissions.job_id
      and jobs.batch = ${batch}
    union all
    select currency, 0, sum(charged), sum(reserved), sum("unknown")
    from daily_money where "view" = 'admitted' and batch = ${batch} group by currency
    order by currency`.execute(database);
  const unknownSubmissions = rows.reduce((sum, { count }) => sum + Number(count), 0);
  return { unknownSubmissions, money: rows.flatMap(toBatchMoney) };
}

function toBatchMoney({ currency, spent, reserved, unknown }: FiguresRow): readonly BatchMoney[] {
  if (currency === null) return [];
  const amounts = { spent: String(spent), reserved: String(reserved), unknown: String(unknown) };
  return [{ currency, ...amounts }];
}
