import type { Budget } from '../core/budget.ts';
import { toPeriodStart } from '../core/budget.ts';
import type { Ledger } from '../core/ledger.ts';
import { toMicros } from '../core/money.ts';
import type { MoneyLine } from '../core/money-book.ts';

/** What counts against one budget in its period that is running. Micros of the budget's currency. */
export interface BudgetUse {
  readonly budget: Budget;
  /** Whose money it is; `null` for everybody's. */
  readonly of: string | null;
  readonly spent: bigint;
  readonly reserved: bigint;
  readonly unknown: bigint;
}

/**
 * What counts against a budget at a moment, ISO 8601: one line, or one for everybody whom the budget limits by himself
 * and who has spent. `ledger.unavailable`.
 */
export async function readBudgetUse(
  ledger: Pick<Ledger, 'summarizeMoney'>,
  budget: Budget,
  at: string,
): Promise<readonly BudgetUse[]> {
  const { scope, of, currency, per } = budget;
  const from = toPeriodStart(per, at);
  const lines = await ledger.summarizeMoney(
    {
      dated: 'admitted',
      currency,
      ...(from === null ? {} : { from }),
      ...(scope === 'all' || of === null ? {} : { [scope]: of }),
    },
    scope === 'all' ? [] : [scope],
  );
  if (scope === 'all') return [toUse(budget, null, lines[0])];
  if (of !== null) return [toUse(budget, of, lines[0])];
  return lines.flatMap((line) => {
    const name = line.group[scope] ?? null;
    return name === null ? [] : [toUse(budget, name, line)];
  });
}

function toUse(budget: Budget, of: string | null, line: MoneyLine | undefined): BudgetUse {
  return {
    budget,
    of,
    spent: toMicros(line?.chargedMicros ?? '0'),
    reserved: toMicros(line?.reservedMicros ?? '0'),
    unknown: toMicros(line?.unknownMicros ?? '0'),
  };
}
