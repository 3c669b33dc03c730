import type { Currency } from '../core/money.ts';
import { formatMoney, toMicros } from '../core/money.ts';
import type { MoneyLine } from '../core/money-book.ts';
import { nextDay } from './money-filter.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** What was charged per day, in one currency. */
export interface DaySeries {
  readonly currency: Currency;
  /** Micros by day, oldest first. Days without money may be absent. */
  readonly days: ReadonlyMap<string, bigint>;
}

/** Beyond so many days only those with money are shown. */
const FILLED_DAYS = 92;
const LEAST_BAR_COLUMNS = 10;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** Charges of lines that are grouped by day, whatever else they are grouped by. */
export function toDaySeries(lines: readonly MoneyLine[]): readonly DaySeries[] {
  const byCurrency = new Map<Currency, Map<string, bigint>>();
  for (const { group, currency, chargedMicros } of lines) {
    if (typeof group.day !== 'string') continue;
    const days = byCurrency.get(currency) ?? new Map<string, bigint>();
    byCurrency.set(currency, days);
    days.set(group.day, (days.get(group.day) ?? 0n) + toMicros(chargedMicros));
  }
  return [...byCurrency]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([currency, days]) => ({ currency, days: new Map([...days].sort(byDay)) }));
}

function byDay([one]: readonly [string, bigint], [other]: readonly [string, bigint]): number {
  return one < other ? -1 : 1;
}

/** Every day from the first to the last of the series. */
export function daysBetween(first: string, last: string): readonly string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = nextDay(day)) days.push(day);
  return days;
}

/** One line per day, with a bar as long as its charges: blocks for a person, `#` where nobody looks at it live. */
export function renderDayChart(terminal: Terminal, series: readonly DaySeries[]): string {
  return series.map((one) => renderSeries(terminal, one)).join('');
}

function renderSeries(terminal: Terminal, { currency, days }: DaySeries): string {
  const { stdout } = terminal;
  const shown = [...fillDays(days)];
  const amounts = shown.map(([, micros]) => formatMoney({ currency, micros: micros.toString() }));
  const most = shown.reduce((max, [, micros]) => (micros > max ? micros : max), 0n);
  const amountWidth = Math.max(0, ...amounts.map((amount) => amount.length));
  const room = stdout.columns - 'YYYY-MM-DD'.length - amountWidth - 5;
  const width = Math.max(LEAST_BAR_COLUMNS, room);
  const lines = shown.map(([day, micros], position) => {
    const bar = renderBar(micros, most, width, stdout.isTerminal);
    const amount = (amounts[position] ?? '').padStart(amountWidth);
    return `${day}  ${amount}  ${paint(terminal, stdout, 'cyan', bar)}`.trimEnd();
  });
  return `\ncharged per day, ${currency}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function* fillDays(days: ReadonlyMap<string, bigint>): Generator<readonly [string, bigint]> {
  const [first] = days.keys();
  const last = [...days.keys()].at(-1);
  if (first === undefined || last === undefined) return;
  const all = daysBetween(first, last);
  for (const day of all.length > FILLED_DAYS ? days.keys() : all) yield [day, days.get(day) ?? 0n];
}

function renderBar(micros: bigint, most: bigint, width: number, isLive: boolean): string {
  if (micros <= 0n || most <= 0n) return '';
  if (!isLive) return '#'.repeat(Math.max(1, Number((micros * BigInt(width)) / most)));
  const eighths = Math.max(1, Number((micros * BigInt(width * 8)) / most));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
