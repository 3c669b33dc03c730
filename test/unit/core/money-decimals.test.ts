import Big from 'big.js';
import { formatMoney, multiplyByThousandths, toMicros } from '../../../src/core/money.ts';

/** Every case is made of this number: the test with `POLLUX_SEED` repeats it. */
const SEED = Number(process.env['POLLUX_SEED'] ?? Math.floor(Math.random() * 1e9));
const SUMS = 100_000;
const MICROS_PER_UNIT = 1_000_000;
const MOST_TERMS = 12;

type Random = (below: number) => number;

/** mulberry32. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Small prices and large ones, as often. */
function randomPrice(random: Random): bigint {
  const digits = random(13);
  return BigInt(random(10 ** Math.min(9, digits + 1))) * 10n ** BigInt(Math.max(0, digits - 8));
}

function toBig(value: bigint): Big {
  return new Big(value.toString());
}

/** Runs a case so often, and returns those that do not hold, a few of them. */
function findBroken(times: number, check: (random: Random) => string | undefined): string[] {
  const random = createRandom(SEED);
  const broken: string[] = [];
  for (let index = 0; index < times && broken.length < 5; index += 1) {
    const found = check(random);
    if (found !== undefined) broken.push(found);
  }
  return broken;
}

describe(`money beside an independent decimal library (seed ${SEED})`, () => {
  it('a price times a quantity is rounded once, half up, as decimals are', () => {
    const broken = findBroken(SUMS, (random) => {
      const price = randomPrice(random);
      const thousandths = random(random(2) === 0 ? 20_000 : 90_000_000);
      const amount = multiplyByThousandths(toMicros(price), thousandths);
      const expected = toBig(price).times(thousandths).div(1000).round(0, Big.roundHalfUp);
      return expected.eq(toBig(amount)) ? undefined : `${price} × ${thousandths}: ${amount}`;
    });

    expect(broken).toEqual([]);
  });

  it('an amount is read as it is written, and written with the decimals that it has', () => {
    const broken = findBroken(SUMS, (random) => {
      const written = `${random(2) === 0 ? '-' : ''}${randomPrice(random) + 1n}`;
      const amount = toMicros(written);
      const text = formatMoney({ currency: 'USD', micros: amount.toString() }).replace(' USD', '');
      const exact = new Big(written).div(MICROS_PER_UNIT);
      const expected = exact.eq(exact.round(2)) ? exact.toFixed(2) : exact.toFixed();
      return text === expected && amount.toString() === written
        ? undefined
        : `${written}: ${text}, not ${expected}`;
    });

    expect(broken).toEqual([]);
  });

  it(`${SUMS} sums of charges and adjustments are exact, however they are grouped; floats are not`, () => {
    let drifted = 0;
    const broken = findBroken(SUMS, (random) => {
      const amounts = Array.from({ length: 2 + random(MOST_TERMS) }, () => {
        const charge = multiplyByThousandths(toMicros(randomPrice(random)), random(30_000));
        return random(4) === 0 ? toMicros(0n - charge) : charge;
      });
      const cut = random(amounts.length);
      const sum = (parts: readonly bigint[]): bigint => parts.reduce((all, part) => all + part, 0n);
      const grouped = sum([sum(amounts.slice(cut)), sum(amounts.slice(0, cut))]);
      const units = amounts.map((amount) => formatMoney({ currency: 'USD', micros: `${amount}` }));
      const decimals = units.map((unit) => new Big(unit.replace(' USD', '')));
      const expected = decimals.reduce((all, part) => all.plus(part), new Big(0));
      const inFloats = decimals.reduce((all, part) => all + Number(part), 0);
      if (inFloats !== expected.toNumber()) drifted += 1;
      return expected.times(MICROS_PER_UNIT).eq(toBig(grouped))
        ? undefined
        : `${amounts.join(' + ')}: ${grouped}`;
    });

    expect(broken).toEqual([]);
    expect(drifted).toBeGreaterThan(SUMS / 100);
  });
});
