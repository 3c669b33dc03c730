import type { Price, Quote } from '../core/money.ts';
import { multiplyByThousandths, toMicros } from '../core/money.ts';
import type { Snapshot } from '../core/provider.ts';
import type { ProviderOptions } from './options.ts';

/** The facts of a request that a price may depend on. An unknown fact is absent. */
export interface PriceFacts {
  readonly seconds?: number;
  readonly items: number;
  readonly resolution?: string;
  readonly audio?: boolean;
  /** Known once the task has succeeded. */
  readonly tokens?: number;
  /** True where only the finished file tells the seconds, and `seconds` is the most it can be. */
  readonly isUpperBound?: boolean;
}

/**
 * A model's price lines for one account: the account's currency first. Lines the account gives replace the catalogue's
 * of the same currency.
 */
export function toPriceList(
  modelId: string,
  catalogue: readonly Price[],
  options: Pick<ProviderOptions, 'currency' | 'prices'>,
): readonly Price[] {
  const own = options.prices.get(modelId) ?? [];
  const replaced = new Set(own.map((price) => price.currency));
  const lines = [...own, ...catalogue.filter((price) => !replaced.has(price.currency))];
  const isOurs = (price: Price): boolean => price.currency === options.currency;
  return [...lines.filter(isOurs), ...lines.filter((price) => !isOurs(price))];
}

/**
 * What the request costs by the lines of this currency; `undefined` where none applies or a quantity is unknown.
 * Where an absent fact leaves several lines possible, the dearest counts: a quote never promises too little.
 */
export function quotePrice(
  prices: readonly Price[],
  currency: string,
  facts: PriceFacts,
): Quote | undefined {
  const possible = prices.filter((price) => price.currency === currency && mayApply(price, facts));
  const amounts = possible.map((price) => ({ price, bill: billOf(price, facts) }));
  let dearest: Quote | undefined;
  for (const { price, bill } of amounts) {
    if (bill === undefined) return undefined;
    if (dearest !== undefined && toMicros(bill.micros) <= toMicros(dearest.micros)) continue;
    dearest = {
      currency,
      micros: bill.micros,
      basis: bill.basis,
      priceSource: price.source,
      estimated: price.unit === 'second' && facts.isUpperBound === true,
    };
  }
  return dearest;
}

/**
 * What a succeeded task costs by the tokens that were printed for it; `undefined` where the request has a price without
 * them, or no whole number of tokens was printed. Where several lines are possible, the dearest counts, as in a quote.
 */
export function billTokens(
  prices: readonly Price[],
  currency: string,
  facts: PriceFacts,
  { status }: Snapshot,
  tokens: number | undefined,
): Quote | undefined {
  const isCountable = tokens !== undefined && tokens >= 0 && tokens <= MAX_TOKENS;
  if (status !== 'succeeded' || !isCountable || !Number.isInteger(tokens)) return undefined;
  if (quotePrice(prices, currency, facts) !== undefined) return undefined;
  return quotePrice(prices, currency, { ...facts, tokens });
}

/** More than any task takes; a number beyond it is a mistake of who printed it. */
const MAX_TOKENS = 1e9;

function mayApply({ when }: Price, facts: PriceFacts): boolean {
  const isPossible = <Fact>(wanted: Fact | undefined, actual: Fact | undefined): boolean =>
    wanted === undefined || actual === undefined || wanted === actual;
  return isPossible(when.resolution, facts.resolution) && isPossible(when.audio, facts.audio);
}

function billOf(price: Price, facts: PriceFacts): { micros: string; basis: string } | undefined {
  const bill = (quantity: number, words: string): { micros: string; basis: string } => ({
    micros: multiplyByThousandths(toMicros(price.micros), Math.round(quantity * 1000)).toString(),
    basis: [words, ...conditionWords(price)].join(', '),
  });
  switch (price.unit) {
    case 'second':
      return facts.seconds === undefined
        ? undefined
        : bill(
            facts.seconds,
            `${Math.round(facts.seconds * 1000) / 1000} s × ${price.micros} micros/s`,
          );
    case 'item':
      return bill(
        facts.items,
        `${facts.items} item${facts.items === 1 ? '' : 's'} × ${price.micros} micros/item`,
      );
    case 'token':
      return facts.tokens === undefined
        ? undefined
        : bill(facts.tokens, `${facts.tokens} tokens × ${price.micros} micros/token`);
  }
}

function conditionWords({ when }: Price): string[] {
  const audio = when.audio === undefined ? [] : [when.audio ? 'with audio' : 'without audio'];
  return [...(when.resolution === undefined ? [] : [when.resolution]), ...audio];
}
