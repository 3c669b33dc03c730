import type { Currency } from '../core/money.ts';
import { toMicros } from '../core/money.ts';
import type { MoneyLine, MonthTotal } from '../core/money-book.ts';

/** Micros of one currency. */
export interface MoneySums {
  readonly currency: Currency;
  readonly chargedMicros: string;
  readonly estimatedMicros: string;
  readonly reservedMicros: string;
  readonly unknownMicros: string;
  readonly charges: number;
}

/** One sum per currency, by its code. */
export function sumByCurrency(lines: readonly MoneyLine[]): readonly MoneySums[] {
  const sums = new Map<Currency, MoneySums>();
  for (const line of lines) {
    const earlier = sums.get(line.currency);
    sums.set(line.currency, earlier === undefined ? line : addLine(earlier, line));
  }
  return [...sums.values()].sort((one, other) => (one.currency < other.currency ? -1 : 1));
}

function addLine(sums: MoneySums, line: MoneyLine): MoneySums {
  return {
    currency: sums.currency,
    chargedMicros: addMicros(sums.chargedMicros, line.chargedMicros),
    estimatedMicros: addMicros(sums.estimatedMicros, line.estimatedMicros),
    reservedMicros: addMicros(sums.reservedMicros, line.reservedMicros),
    unknownMicros: addMicros(sums.unknownMicros, line.unknownMicros),
    charges: sums.charges + line.charges,
  };
}

function addMicros(one: string, other: string): string {
  return (toMicros(one) + toMicros(other)).toString();
}

/** True where the totals of the group's month, or of its day's month, are fixed. */
export function isClosed(
  { month, day }: MoneyLine['group'],
  closed: readonly Pick<MonthTotal, 'month'>[],
): boolean {
  const wanted = month ?? day?.slice(0, 7);
  return closed.some((total) => total.month === wanted);
}
