import fc from 'fast-check';
import { formatMoney, multiplyByThousandths, toMicros } from '../../../src/core/money.ts';

describe('money', () => {
  it('a price per second times whole seconds is exact', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        fc.integer({ min: 0, max: 86_400 }),
        (price, seconds) => {
          const amount = multiplyByThousandths(toMicros(price), seconds * 1000);

          expect(amount).toBe(price * BigInt(seconds));
        },
      ),
    );
  });

  it('a fraction of a second is rounded once, half up', () => {
    expect(multiplyByThousandths(toMicros(1n), 499)).toBe(0n);
    expect(multiplyByThousandths(toMicros(1n), 500)).toBe(1n);
    expect(multiplyByThousandths(toMicros('90000'), 5_042)).toBe(453_780n);
  });

  it.each(['1.5', '', ' 1', '1e6', '0x10', '--1', '01'])('"%s" is no amount of micros', (text) => {
    expect(() => toMicros(text)).toThrow(RangeError);
  });

  it.each([
    ['450000', 'USD', '0.45 USD'],
    ['4500000', 'CNY', '4.50 CNY'],
    ['1', 'USD', '0.000001 USD'],
    ['-70000', 'USD', '-0.07 USD'],
    ['0', 'USD', '0.00 USD'],
  ])('%s micros of %s read %s', (micros, currency, text) => {
    expect(formatMoney({ micros, currency })).toBe(text);
  });
});
