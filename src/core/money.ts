declare const micros: unique symbol;

/** Millionths of one major unit of a currency (1 USD = 1 000 000). Exact; never a float. */
export type Micros = bigint & { readonly [micros]: true };

/** ISO 4217 code in capitals, such as `USD` or `CNY`. Amounts of two currencies are never added or converted. */
export type Currency = string;

/** An amount as it crosses Temporal and JSON: micros as a decimal string. */
export interface Money {
  readonly currency: Currency;
  readonly micros: string;
}

/** What a job is expected to cost, with the arithmetic in words. */
export interface Quote extends Money {
  /** For a person, e.g. `5 s × 90000 micros/s, 720P`. */
  readonly basis: string;
  /** Where the unit price was printed: a document and its date. */
  readonly priceSource: string;
  /** True where only the finished file tells the billed quantity; the amount is then an upper bound. */
  readonly estimated: boolean;
}

/** One line of a provider's price list. */
export interface Price {
  readonly currency: Currency;
  /** What one unit price buys: a second of output, an output item, or one token. */
  readonly unit: 'second' | 'item' | 'token';
  readonly micros: string;
  /** The request facts this line applies to; an absent fact matches any value. */
  readonly when: PriceCondition;
  /** Document and date it was read, e.g. `NexusFlow video page, 2026-11-21`. */
  readonly source: string;
}

export interface PriceCondition {
  readonly resolution?: string;
  readonly audio?: boolean;
}

const DECIMAL_INTEGER = /^-?(0|[1-9][0-9]*)$/;

/** Ten thousand million major units. More is a mistake, and sums of it would leave the 64 bits of the ledger. */
export const MOST_MICROS: bigint = 10n ** 16n;

/** Reads an integer amount of micros. Throws a `RangeError` for anything but a decimal integer. */
export function toMicros(value: string | bigint): Micros {
  if (typeof value === 'string' && !DECIMAL_INTEGER.test(value)) {
    throw new RangeError(`"${value}" is not an integer amount of micros`);
  }
  return BigInt(value) as Micros;
}

/**
 * Unit price times quantity, where the quantity is given in thousandths (milliseconds of a price per second).
 * Rounds half up, once, at the end.
 */
export function multiplyByThousandths(unitPrice: Micros, thousandths: number): Micros {
  if (!Number.isSafeInteger(thousandths) || thousandths < 0) {
    throw new RangeError(`a quantity of ${String(thousandths)} thousandths cannot be priced`);
  }
  const product = unitPrice * BigInt(thousandths);
  return toMicros((product + 500n) / 1000n);
}

/** An amount for a person, e.g. `0.45 USD`: at least two decimals, no more than it has. */
export function formatMoney(money: Money): string {
  const amount = toMicros(money.micros);
  const magnitude = amount < 0n ? 0n - amount : amount;
  const fraction = (magnitude % 1_000_000n)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  const sign = amount < 0n ? '-' : '';
  return `${sign}${(magnitude / 1_000_000n).toString()}.${fraction} ${money.currency}`;
}

/**
 * The amount in major units as a float, for an index or a chart only (search attribute `CostAmount`).
 * Never the base of another amount.
 */
export function toMajorUnits(money: Money): number {
  return Number(toMicros(money.micros)) / 1_000_000;
}
