import type { Currency } from './money.ts';

export type BudgetScope = 'tenant' | 'batch' | 'account' | 'all';
export type BudgetPeriod = 'day' | 'month' | 'ever';

/** A limit on what submissions may cost together. Reserved and unknown money counts as spent. */
export interface Budget {
  readonly name: string;
  readonly scope: BudgetScope;
  /** Whose money it limits; `null`: everybody's of that scope, each by itself. Always `null` for scope `all`. */
  readonly of: string | null;
  /** Limits prices in this currency only. */
  readonly currency: Currency;
  /** Decimal. */
  readonly limitMicros: string;
  /** Days and months of UTC, by the moment of admission. */
  readonly per: BudgetPeriod;
}

/** The facts of a job that decide which budgets it needs to fit. */
export interface BudgetedJob {
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly currency: Currency;
}

/** The budgets that a job needs to fit, in the order of the configuration. A job without a tenant is no tenant's. */
export function budgetsOf(job: BudgetedJob, budgets: readonly Budget[]): readonly Budget[] {
  return budgets.filter((budget) => {
    if (budget.currency !== job.currency) return false;
    if (budget.scope === 'all') return true;
    const actual = job[budget.scope];
    return actual !== null && (budget.of === null || budget.of === actual);
  });
}

/** The first day of the period that a moment lies in, `YYYY-MM-DD`; `null` for ever. Takes ISO 8601. */
export function toPeriodStart(per: BudgetPeriod, at: string): string | null {
  switch (per) {
    case 'day':
      return at.slice(0, 10);
    case 'month':
      return `${at.slice(0, 7)}-01`;
    case 'ever':
      return null;
  }
}
