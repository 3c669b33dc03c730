import { formatMoney, toMicros } from '../core/money.ts';
import type { MoneyDimension, MoneyLine, MonthTotal } from '../core/money-book.ts';
import type { CsvValue, RowView } from './money-rows.ts';
import type { MoneySums } from './money-totals.ts';
import { isClosed } from './money-totals.ts';

export interface SummaryShape {
  readonly by: readonly MoneyDimension[];
  /** True where the lines cover only a part of time: what is reserved and unknown is then a change. */
  readonly isPeriod: boolean;
  readonly closed: readonly MonthTotal[];
}

const NOBODY = '-';
const NOTHING = '-';
const AMOUNTS = ['chargedMicros', 'estimatedMicros', 'reservedMicros', 'unknownMicros'] as const;

/** How the lines of a summary are shown. */
export function createSummaryView(shape: SummaryShape): RowView<MoneyLine> {
  const { by, closed } = shape;
  const closes = hasMonths(by);
  return {
    header: headerOf(shape),
    cells: (line) => [
      ...by.map((dimension) => line.group[dimension] ?? NOBODY),
      ...amountCells(line),
      ...(closes && isClosed(line.group, closed) ? ['closed'] : []),
    ],
    csvHeader: [...by, 'currency', ...AMOUNTS, 'charges', ...(closes ? ['closed'] : [])],
    csvValues: (line) => [
      ...by.map((dimension): CsvValue => line.group[dimension] ?? null),
      line.currency,
      ...AMOUNTS.map((name) => toMicros(line[name])),
      BigInt(line.charges),
      ...(closes ? [String(isClosed(line.group, closed))] : []),
    ],
    toJson: ({ group, ...line }) => ({
      ...group,
      ...line,
      ...(closes ? { closed: isClosed(group, closed) } : {}),
    }),
  };
}

/** Cells of the row that adds up one currency. */
export function totalCells({ by }: Pick<SummaryShape, 'by'>, sums: MoneySums): readonly string[] {
  const names = by.map((_, position) => (position === 0 ? 'total' : ''));
  return [...names, ...amountCells(sums)];
}

function headerOf({ by, isPeriod }: SummaryShape): readonly string[] {
  const change = isPeriod ? ' +/-' : '';
  return [
    ...by.map((dimension) => dimension.toUpperCase()),
    ...['CHARGED', 'OF IT ESTIMATED', `RESERVED${change}`, `UNKNOWN${change}`, 'CHARGES'],
    ...(hasMonths(by) ? [''] : []),
  ];
}

function amountCells(sums: MoneySums): readonly string[] {
  const { currency, chargedMicros, estimatedMicros, reservedMicros, unknownMicros } = sums;
  const others = [estimatedMicros, reservedMicros, unknownMicros];
  return [
    formatMoney({ currency, micros: chargedMicros }),
    ...others.map((micros) => (micros === '0' ? NOTHING : formatMoney({ currency, micros }))),
    String(sums.charges),
  ];
}

function hasMonths(by: readonly MoneyDimension[]): boolean {
  return by.includes('month') || by.includes('day');
}
