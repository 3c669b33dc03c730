import type { Budget, BudgetedJob } from '../core/budget.ts';
import { budgetsOf, toPeriodStart } from '../core/budget.ts';
import { RequestError } from '../core/errors.ts';
import type { OpenJobRequest } from '../core/ledger.ts';
import type { Money } from '../core/money.ts';
import { formatMoney, toMicros } from '../core/money.ts';
import { findBatchBudget } from './batch-book.ts';
import type { LedgerTransaction } from './session.ts';
import type { JobRow } from './tables.ts';

/**
 * Looks whether a new reservation fits every budget of its job. Called in the transaction that writes the reservation:
 * write transactions come one after the other, so that two cannot both take the last of it. Throws
 * `request.over_budget`.
 */
export async function refuseOverBudget(
  transaction: LedgerTransaction,
  job: JobRow,
  request: OpenJobRequest,
): Promise<void> {
  const { quote, at } = request;
  const budgets = await listBudgets(transaction, job, request);
  if (quote === null) {
    refuseUnpriced(job, budgets);
    return;
  }
  for (const budget of budgetsOf({ ...job, currency: quote.currency }, budgets)) {
    const spending = await readSpending(transaction, job, budget, at);
    if (spending.total + toMicros(quote.micros) > toMicros(budget.limitMicros)) {
      throw overBudget(job, budget, spending, quote);
    }
  }
}

/** Those of the configuration, and the one that was set for the job's batch. */
async function listBudgets(
  transaction: LedgerTransaction,
  { batch }: JobRow,
  { budgets = [] }: OpenJobRequest,
): Promise<readonly Budget[]> {
  const ofBatch = await findBatchBudget(transaction, batch);
  return ofBatch === undefined ? budgets : [...budgets, ofBatch];
}

function refuseUnpriced(job: JobRow, budgets: readonly Budget[]): void {
  const budget = budgets.find((one) => budgetsOf({ ...job, currency: one.currency }, [one])[0]);
  if (budget === undefined) return;
  throw new RequestError(
    'request.over_budget',
    `job ${job.job_id} has no price before it is done, so nobody can tell whether it fits budget "${budget.name}"; ` +
      `give ${job.model} a price per second or per item in accounts.${job.account}.prices, or take it out of the budget`,
    { details: { reason: 'unpriced', ...toDetails(job, budget), model: job.model } },
  );
}

interface Spending {
  readonly charged: bigint;
  readonly reserved: bigint;
  readonly unknown: bigint;
  readonly total: bigint;
}

/** The sums with the fewest rows that tell one scope from another. */
const VIEWS: Readonly<Record<Budget['scope'], string>> = {
  tenant: 'admitted',
  batch: 'admitted',
  account: 'admitted_by_account',
  all: 'admitted_by_account',
};

/** What the submissions of the budget's period stand for now. */
async function readSpending(
  transaction: LedgerTransaction,
  job: JobRow,
  budget: Budget,
  at: string,
): Promise<Spending> {
  let query = transaction
    .selectFrom('daily_money')
    .select(({ fn }) => [
      fn.sum<bigint | null>('charged').as('charged'),
      fn.sum<bigint | null>('reserved').as('reserved'),
      fn.sum<bigint | null>('unknown').as('unknown'),
    ])
    .where('view', '=', VIEWS[budget.scope])
    .where('currency', '=', budget.currency);
  const start = toPeriodStart(budget.per, at);
  if (start !== null) {
    query = query.where('day', '>=', start).where('day', '<=', toLastDay(budget, start));
  }
  if (budget.scope !== 'all') query = query.where(budget.scope, '=', valueOf(job, budget) ?? '');
  const row = await query.executeTakeFirstOrThrow();
  const [charged, reserved, unknown] = [row.charged ?? 0n, row.reserved ?? 0n, row.unknown ?? 0n];
  return { charged, reserved, unknown, total: charged + reserved + unknown };
}

/** No day of a month, written as text, comes after its 31st. */
function toLastDay({ per }: Budget, start: string): string {
  return per === 'month' ? start.replace(/01$/, '31') : start;
}

/** Whose money the budget limits, of all that it may limit. */
function valueOf(job: Omit<BudgetedJob, 'currency'>, { scope }: Budget): string | null {
  return scope === 'all' ? null : job[scope];
}

const PERIODS: Readonly<Record<Budget['per'], string>> = {
  day: ' per day',
  month: ' per month',
  ever: '',
};

function overBudget(
  job: JobRow,
  budget: Budget,
  { charged, reserved, unknown }: Spending,
  asked: Money,
): RequestError {
  const { currency } = budget;
  const text = (micros: bigint | string): string =>
    formatMoney({ currency, micros: micros.toString() });
  const scope =
    budget.scope === 'all' ? 'all jobs' : `${budget.scope} ${valueOf(job, budget) ?? ''}`;
  return new RequestError(
    'request.over_budget',
    `job ${job.job_id} asks for ${text(asked.micros)}, which does not fit budget "${budget.name}" ` +
      `(${scope}, ${text(budget.limitMicros)}${PERIODS[budget.per]}): ${text(charged)} are spent, ` +
      `${text(reserved)} reserved and ${text(unknown)} unknown; raise the limit or settle what is unknown, ` +
      'and run the job again',
    {
      details: {
        ...toDetails(job, budget),
        limitMicros: budget.limitMicros,
        spentMicros: charged.toString(),
        reservedMicros: reserved.toString(),
        unknownMicros: unknown.toString(),
        askedMicros: asked.micros,
      },
    },
  );
}

function toDetails(job: JobRow, budget: Budget) {
  const { name, scope, per, currency } = budget;
  return { budget: name, scope, of: valueOf(job, budget), per, currency };
}
