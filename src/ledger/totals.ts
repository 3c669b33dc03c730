import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';

import type { CurrencyTotals, EntryKind, JobFilter } from '../core/ledger.ts';
import { passesFilter } from './readings.ts';
import type { LedgerDatabase } from './session.ts';
import type { Tables } from './tables.ts';

type EntryExpression = ExpressionBuilder<Tables, 'entries' | 'jobs'>;

/** Sums what submissions stand for now, by currency, over all jobs that pass the filter, whatever its limit. */
export async function readTotals(
  database: LedgerDatabase,
  filter: JobFilter,
): Promise<readonly CurrencyTotals[]> {
  const rows = await database
    .selectFrom('entries')
    .innerJoin('jobs', 'jobs.job_id', 'entries.job_id')
    .where((expression) => passesFilter(expression, filter))
    .groupBy('entries.currency')
    .orderBy('entries.currency')
    .select((expression) => [
      'entries.currency',
      expression.fn.count<bigint>('entries.job_id').distinct().as('jobs'),
      sumWhere(expression, expression('entries.kind', 'in', ['charge', 'adjust'])).as('charged'),
      sumWhere(expression, isOpenEstimate(expression)).as('estimated'),
      sumWhere(expression, isEffective(expression, 'reserve', ['unknown', 'charge', 'release'])).as(
        'reserved',
      ),
      sumWhere(expression, isEffective(expression, 'unknown', ['charge', 'release'])).as('unknown'),
    ])
    .execute();
  return rows.map((row) => ({
    currency: row.currency,
    charged: row.charged.toString(),
    estimated: row.estimated.toString(),
    reserved: row.reserved.toString(),
    unknown: row.unknown.toString(),
    jobs: Number(row.jobs),
  }));
}

function sumWhere(expression: EntryExpression, condition: Expression<SqlBool>) {
  const amount = expression.case().when(condition).then(expression.ref('entries.micros'));
  return expression.fn.sum<bigint>(amount.else(expression.lit(0)).end());
}

/** An upper bound that no `adjust` has followed yet. */
function isOpenEstimate(expression: EntryExpression): Expression<SqlBool> {
  return expression.and([
    expression('entries.kind', '=', 'charge'),
    expression('entries.estimated', '=', 1n),
    expression.not(expression.exists(findOthers(expression, ['adjust']))),
  ]);
}

/** An entry of this kind that none of the later kinds has taken the place of. */
function isEffective(
  expression: EntryExpression,
  kind: EntryKind,
  laterKinds: readonly EntryKind[],
): Expression<SqlBool> {
  return expression.and([
    expression('entries.kind', '=', kind),
    expression.not(expression.exists(findOthers(expression, laterKinds))),
  ]);
}

function findOthers(expression: EntryExpression, kinds: readonly EntryKind[]) {
  return expression
    .selectFrom('entries as other')
    .select('other.kind')
    .whereRef('other.job_id', '=', 'entries.job_id')
    .whereRef('other.number', '=', 'entries.number')
    .where('other.kind', 'in', kinds);
}
