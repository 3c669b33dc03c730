import { InvalidArgumentError } from 'commander';
import { RequestError } from '../core/errors.ts';
import type { Currency } from '../core/money.ts';

/** An amount as a person writes it. */
export interface WrittenAmount {
  readonly micros: string;
  /** `null`: it was given in micros, of whatever currency the reservation is in. */
  readonly currency: Currency | null;
}

const IN_MICROS = /^(?<micros>\d{1,18}) micros$/;
const IN_MAJOR_UNITS = /^(?<whole>\d{1,12})(?:\.(?<fraction>\d{1,6}))? (?<currency>[A-Z]{3})$/;

/** Reads `0.45 USD` or `450000 micros`, exactly. A usage error for anything else. */
export function toAmount(text: string): WrittenAmount {
  const words = text.trim().replace(/\s+/g, ' ');
  const { micros } = IN_MICROS.exec(words)?.groups ?? {};
  if (micros !== undefined) return { micros: BigInt(micros).toString(), currency: null };
  const { whole, fraction = '', currency } = IN_MAJOR_UNITS.exec(words)?.groups ?? {};
  if (whole === undefined || currency === undefined) {
    throw new InvalidArgumentError(
      'It must be an amount with its currency and at most six decimals, such as "0.45 USD", or such as "450000 micros".',
    );
  }
  const amount = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return { micros: amount.toString(), currency };
}

/** The micros of an amount in this currency. Throws `request.invalid` where it is in another one. */
export function microsIn(amount: WrittenAmount, currency: Currency): string {
  if (amount.currency === null || amount.currency === currency) return amount.micros;
  throw new RequestError(
    'request.invalid',
    `--charged: the money of this submission is in ${currency}, not in ${amount.currency}, and nothing is converted; ` +
      `give the amount in ${currency}`,
  );
}
