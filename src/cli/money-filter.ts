import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { RequestError } from '../core/errors.ts';
import type { MoneyFilter } from '../core/money-book.ts';

/** Which entries a statement is about, as a person says it. */
export interface MoneyFilterFlags extends Pick<
  MoneyFilter,
  'account' | 'batch' | 'currency' | 'from' | 'model' | 'tenant'
> {
  /** Last day, `YYYY-MM-DD`. */
  readonly to?: string;
  /** `YYYY-MM`. */
  readonly month?: string;
}

const DAY_MS = 86_400_000;

export function addMoneyFilterOptions(command: Command): Command {
  return command
    .option('--from <day>', 'first day, YYYY-MM-DD, UTC, by the date of the entry', toDay)
    .option('--to <day>', 'last day, YYYY-MM-DD, UTC', toDay)
    .addOption(
      new Option('--month <month>', 'only this month, YYYY-MM, UTC')
        .argParser(toMonth)
        .conflicts(['from', 'to']),
    )
    .option('--tenant <id>', 'only money of this tenant')
    .option('--batch <id>', 'only money of this batch')
    .option('--account <name>', 'only money of this account')
    .option('--model <id>', 'only money of this model, as the provider names it')
    .option('--currency <code>', 'only money in this currency, e.g. USD', toCurrency);
}

/** Throws `request.invalid` for a last day before the first. */
export function toMoneyFilter(flags: MoneyFilterFlags): MoneyFilter {
  const { tenant, batch, account, model, currency } = flags;
  const named = { tenant, batch, account, model, currency };
  const entries = Object.entries({ ...named, ...toRange(flags) });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function toRange({ from, to, month }: MoneyFilterFlags): Pick<MoneyFilter, 'from' | 'before'> {
  if (month !== undefined) return { from: `${month}-01`, before: `${nextMonth(month)}-01` };
  if (from !== undefined && to !== undefined && to < from) {
    throw new RequestError('request.invalid', `--to ${to} lies before --from ${from}`);
  }
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { before: nextDay(to) }),
  };
}

/** The day after, `YYYY-MM-DD`. */
export function nextDay(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

function nextMonth(month: string): string {
  // No month has a day 32 left over: from its first day, 32 days lead into the next one.
  const later = Date.parse(`${month}-01`) + 32 * DAY_MS;
  return new Date(later).toISOString().slice(0, 7);
}

/** A usage error for anything but a day of the calendar. */
function toDay(text: string): string {
  if (/^[12]\d{3}-\d\d-\d\d$/.test(text) && isOnCalendar(text)) return text;
  throw new InvalidArgumentError('It must be a day, such as 2026-11-21.');
}

/** A usage error for anything but a month of the calendar. */
export function toMonth(text: string): string {
  if (/^[12]\d{3}-\d\d$/.test(text) && isOnCalendar(`${text}-01`)) return text;
  throw new InvalidArgumentError('It must be a month, such as 2026-11.');
}

function isOnCalendar(day: string): boolean {
  const timeMs = Date.parse(day);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(day);
}

function toCurrency(text: string): string {
  if (/^[A-Z]{3}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be an ISO 4217 code in capitals, such as USD or CNY.');
}
