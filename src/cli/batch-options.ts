import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { BatchBudget } from '../core/batch-book.ts';
import { MAX_WINDOW } from '../core/batch.ts';
import type { StopRules } from '../core/batch.ts';
import { RequestError } from '../core/errors.ts';
import type { Decision } from '../core/job.ts';
import { systemUser } from './job-action.ts';
import { toAmount } from './money-amount.ts';
import type { WrittenAmount } from './money-amount.ts';
import { toNumber, toWholeNumber } from './parse-options.ts';

export interface BudgetFlags {
  readonly budget?: WrittenAmount;
  readonly budgetMicros?: string;
  readonly budgetCurrency?: string;
}

/** Of a batch that may have a budget already. */
export interface BudgetChangeFlags extends Omit<BudgetFlags, 'budget'> {
  /** `false`: `--no-budget`. */
  readonly budget?: BudgetFlags['budget'] | false;
}

export interface StopFlags {
  readonly stopFailedShare?: number;
  readonly stopUnknown?: number;
}

/** Jobs in flight at once. */
export function toWindow(text: string): number {
  const value = toWholeNumber(text);
  if (value >= 1 && value <= MAX_WINDOW) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${String(MAX_WINDOW)}.`);
}

function toShare(text: string): number {
  const value = toNumber(text);
  if (value <= 0 || value > 1) throw new InvalidArgumentError('It must be above 0 and at most 1.');
  return value;
}

function toMicrosText(text: string): string {
  if (/^\d{1,18}$/.test(text)) return BigInt(text).toString();
  throw new InvalidArgumentError('It must be a whole number of micros, 0 or more.');
}

function toCurrency(text: string): string {
  if (/^[A-Z]{3}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a currency in capitals, such as USD.');
}

export function addBudgetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--budget <amount>', 'what its jobs may cost together, such as "4.00 USD"')
        .argParser(toAmount)
        .conflicts(['budgetMicros', 'budgetCurrency']),
    )
    .option('--budget-micros <micros>', 'the same in micros, with --budget-currency', toMicrosText)
    .option('--budget-currency <currency>', 'currency of --budget-micros', toCurrency);
}

/** The same, and `--no-budget`. */
export function addBudgetChangeOptions(command: Command): Command {
  return addBudgetOptions(command).addOption(
    new Option('--no-budget', 'remove the budget of the batch').conflicts([
      'budgetMicros',
      'budgetCurrency',
    ]),
  );
}

export function addStopOptions(command: Command): Command {
  return command
    .option(
      '--stop-failed-share <share>',
      'start nothing more once more than this share of the ended items failed, such as 0.2',
      toShare,
    )
    .option(
      '--stop-unknown <number>',
      'start nothing more once more submissions than this are unknown',
      toWholeNumber,
    );
}

export function addDecisionOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .option('--author <name>', 'who decided', systemUser());
}

export function toDecision({ author, reason }: Decision): Decision {
  return { author, reason };
}

/** Throws `request.invalid` for an amount without its currency, or a currency without its amount. */
export function toBudget(flags: BudgetFlags): BatchBudget | undefined {
  const { budget, budgetMicros, budgetCurrency } = flags;
  const micros = budget?.micros ?? budgetMicros;
  const currency = budget?.currency ?? budgetCurrency;
  if (micros === undefined && currency === undefined) return undefined;
  if (micros !== undefined && currency !== undefined) return { limitMicros: micros, currency };
  throw new RequestError(
    'request.invalid',
    'a budget is an amount with its currency: --budget "4.00 USD", or --budget-micros and --budget-currency',
    { details: { issues: [{ field: 'budget', rule: 'must be an amount with its currency' }] } },
  );
}

/** `null` removes the budget, `undefined` leaves it as it is. Throws as {@link toBudget}. */
export function toBudgetChange({
  budget,
  ...flags
}: BudgetChangeFlags): BatchBudget | null | undefined {
  if (budget === false) return null;
  return toBudget(budget === undefined ? flags : { ...flags, budget });
}

export function toStopRules({ stopFailedShare, stopUnknown }: StopFlags): StopRules | undefined {
  if (stopFailedShare === undefined && stopUnknown === undefined) return undefined;
  return {
    ...(stopFailedShare === undefined ? {} : { failedShare: stopFailedShare }),
    ...(stopUnknown === undefined ? {} : { unknownAbove: stopUnknown }),
  };
}
