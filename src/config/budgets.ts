import type { Budget, BudgetPeriod, BudgetScope } from '../core/budget.ts';
import type { SchemaProblem } from '../schema/problems.ts';
import { isRecord } from '../schema/problems.ts';

/** A budget once its types are checked. Only the setting that its scope names may be there. */
export interface BudgetDocument {
  readonly name: string;
  readonly scope: BudgetScope;
  readonly tenant?: string | undefined;
  readonly batch?: string | undefined;
  readonly account?: string | undefined;
  readonly currency: string;
  readonly limitMicros: string | number;
  readonly per: BudgetPeriod;
}

const SELECTORS = ['tenant', 'batch', 'account'] as const;

/** Rules between the settings of budgets, and with the accounts. */
export function budgetProblems(document: unknown): readonly SchemaProblem[] {
  if (!isRecord(document) || !Array.isArray(document['budgets'])) return [];
  const accounts = isRecord(document['accounts']) ? document['accounts'] : {};
  const names = new Set<unknown>();
  return (document['budgets'] as readonly unknown[]).flatMap((budget, index) => {
    if (!isRecord(budget)) return [];
    const problems: SchemaProblem[] = [];
    const refuse = (setting: string, rule: string): void => {
      problems.push({ path: ['budgets', index, setting], value: budget[setting], rule });
    };
    if (names.has(budget['name'])) refuse('name', 'must not be the name of another budget');
    names.add(budget['name']);
    for (const selector of SELECTORS) {
      if (budget[selector] !== undefined && budget['scope'] !== selector) {
        refuse(selector, `needs scope: ${selector}`);
      }
    }
    const { account } = budget;
    if (typeof account === 'string' && !Object.hasOwn(accounts, account)) {
      refuse('account', `must be one of the accounts: ${Object.keys(accounts).join(', ')}`);
    }
    return problems;
  });
}

export function toBudget(document: BudgetDocument): Budget {
  const { name, scope, currency, limitMicros, per } = document;
  const of = scope === 'all' ? null : (document[scope] ?? null);
  return { name, scope, of, currency, limitMicros: String(limitMicros), per };
}
