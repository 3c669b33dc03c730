import { existsSync } from 'node:fs';
import { linesOf, MoneyLedger, toQuote } from './money-ledger.ts';

let here: MoneyLedger;

beforeEach(() => {
  here = new MoneyLedger();
});

afterEach(async () => {
  await here.close();
});

const FORMULAS = ["=cmd|' /C calc'!A0", '+1', '-1', '@x', '\tx'] as const;

async function bookTwoCurrencies(): Promise<void> {
  await here.book('a', { tenant: 'acme', end: 'charge', micros: '450000' });
  await here.book('b', { tenant: 'acme', end: 'charge', micros: '700001', estimated: true });
  await here.book('c', { tenant: 'zeta', end: 'unknown', micros: '100000' });
  await here.book('d', { micros: '200000' });
  await here.book('e', { tenant: 'acme', end: 'charge', micros: '4500000', currency: 'CNY' });
}

function cellsOf(out: string): readonly (readonly string[])[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
}

function sumOf(lines: readonly Record<string, unknown>[], name: string, currency: string): string {
  return lines
    .filter((line) => line['currency'] === currency)
    .reduce((sum, line) => sum + BigInt(String(line[name])), 0n)
    .toString();
}

describe('pollux money', () => {
  it.each(['summary', 'entries', 'discrepancies', 'settle', 'close', 'budgets'])(
    'explains %s with examples',
    async (verb) => {
      const { exitCode, out } = await here.run(['money', verb, '--help']);

      expect(exitCode).toBe(0);
      expect(out).toContain('Examples:');
    },
  );

  it.each([
    [['summary', '--by', 'colour'], 'each once'],
    [['summary', '--by', 'day,day'], 'each once'],
    [['summary', '--from', '2026-02-30'], 'It must be a day'],
    [['summary', '--month', '2026-13'], 'It must be a month'],
    [['summary', '--month', '2026-06', '--from', '2026-06-02'], 'cannot be used with'],
    [['summary', '--from', '2026-06-02', '--to', '2026-06-01'], 'lies before --from'],
    [['summary', '--currency', 'usd'], 'ISO 4217'],
    [['summary', '--json', '--csv'], 'cannot be used with'],
    [['summary', '--plot', 'spend.png'], 'name of an SVG file'],
    [['entries', '--job', 'nobody'], 'is not in the ledger'],
    [['entries', '--job', 'a', '--tenant', 'b'], 'cannot be used with'],
    [['discrepancies', '--job', 'nobody'], 'is not in the ledger'],
  ])('refuses %s with a usage error', async (line, message) => {
    const { exitCode, out, err } = await here.run(['money', ...line]);

    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe('');
  });

  it('says so where nothing was booked, and makes no ledger', async () => {
    const { exitCode, err } = await here.run(['money', 'summary']);

    expect(exitCode).toBe(0);
    expect(err).toBe('no money was booked\n');
    expect(existsSync(here.path('ledger.db'))).toBe(false);
  });
});

describe('pollux money summary', () => {
  it('keeps two currencies apart, one total each', async () => {
    await bookTwoCurrencies();

    const { out } = await here.run(['money', 'summary', '--by', 'tenant']);

    expect(cellsOf(out)).toEqual([
      ['TENANT', 'CHARGED', 'OF IT ESTIMATED', 'RESERVED', 'UNKNOWN', 'CHARGES'],
      ['-', '0.00 USD', '-', '0.20 USD', '-', '0'],
      ['acme', '4.50 CNY', '-', '-', '-', '1'],
      ['acme', '1.150001 USD', '0.700001 USD', '-', '-', '2'],
      ['zeta', '0.00 USD', '-', '-', '0.10 USD', '0'],
      ['total', '4.50 CNY', '-', '-', '-', '1'],
      ['total', '1.150001 USD', '0.700001 USD', '0.20 USD', '0.10 USD', '2'],
    ]);
  });

  it.each(['tenant', 'batch,model', 'account', 'day', 'month,tenant'])(
    'by %s adds up to what it says without --by',
    async (by) => {
      await bookTwoCurrencies();

      const whole = linesOf((await here.run(['money', 'summary', '--json'])).out);
      const parts = linesOf((await here.run(['money', 'summary', '--by', by, '--json'])).out);

      expect(whole.map((line) => line['currency'])).toEqual(['CNY', 'USD']);
      for (const line of whole) {
        for (const name of [
          'chargedMicros',
          'estimatedMicros',
          'reservedMicros',
          'unknownMicros',
        ]) {
          expect(sumOf(parts, name, String(line['currency']))).toBe(line[name]);
        }
      }
    },
  );

  it('counts the last day in, and the day after it not', async () => {
    await here.book('a', { end: 'charge', micros: '1', at: '2026-06-30T23:59:59.999Z' });
    await here.book('b', { end: 'charge', micros: '2', at: '2026-07-01T00:00:00.000Z' });

    const june = ['--from', '2026-06-30', '--to', '2026-06-30'];
    const inRange = await here.run(['money', 'summary', '--json', ...june]);
    const inMonth = await here.run(['money', 'summary', '--json', '--month', '2026-06']);

    expect(linesOf(inRange.out)).toMatchObject([{ chargedMicros: '1' }]);
    expect(inMonth.out).toBe(inRange.out);
  });

  it('writes CSV in which no name is a formula and every amount is a number', async () => {
    for (const [index, tenant] of FORMULAS.entries()) {
      await here.book(`job-${index}`, {
        tenant,
        end: 'charge',
        micros: '5000000',
        estimated: true,
      });
    }
    const ledger = await here.open();
    const lower = toQuote({ micros: '4500000' });
    await ledger.adjustCost({ jobId: 'job-0', number: 1 }, lower, '2026-07-01T00:00:00.000Z');

    const june = await here.run([
      'money',
      'summary',
      '--by',
      'tenant',
      '--csv',
      '--to',
      '2026-06-30',
    ]);
    const july = await here.run(['money', 'summary', '--csv', '--from', '2026-07-01']);

    const names = june.out.split('\n').map((line) => line.split(',')[0]);
    expect(names.filter((name) => /^["]?[=+\-@\t]/.test(name ?? ''))).toEqual([]);
    for (const tenant of FORMULAS) expect(june.out).toContain(`'${tenant}`);
    expect(july.out).toBe(
      'currency,chargedMicros,estimatedMicros,reservedMicros,unknownMicros,charges\n' +
        'USD,-500000,-5000000,0,0,0\n',
    );
  });

  it('shows names that hold control characters in one line', async () => {
    await here.book('a', { tenant: 'x\u001b[2J\ny', end: 'charge' });

    const { out } = await here.run(['money', 'summary', '--by', 'tenant']);

    expect(out).not.toContain('\u001b');
    expect(out.trimEnd().split('\n')).toHaveLength(3);
  });

  it('draws the charges per day: blocks for a person, plain signs elsewhere', async () => {
    await here.book('a', { end: 'charge', micros: '1000000', at: '2026-06-01T10:00:00.000Z' });
    await here.book('b', { end: 'charge', micros: '250000', at: '2026-06-03T10:00:00.000Z' });

    const line = ['money', 'summary', '--by', 'day'];
    const live = await here.run(line, { isTerminal: true, environment: { NO_COLOR: '1' } });
    const plain = await here.run(line);

    const chart = live.out.slice(live.out.indexOf('charged per day, USD')).trimEnd().split('\n');
    expect(chart.map((row) => row.slice(0, 20))).toEqual([
      'charged per day, USD',
      '2026-06-01  1.00 USD',
      '2026-06-02  0.00 USD',
      '2026-06-03  0.25 USD',
    ]);
    const lengths = chart.slice(1).map((row) => row.split('█').length - 1);
    expect(lengths).toEqual([77, 0, 19]);
    expect(Math.max(...chart.map((row) => row.length))).toBeLessThanOrEqual(100);
    expect(plain.out).toMatch(/^2026-06-03 {2}0\.25 USD {2}#{19}$/m);
    expect(plain.out).not.toContain('█');
  });
});

describe('pollux money close', () => {
  it('fixes totals that later adjustments do not change', async () => {
    await here.book('a', { end: 'charge', micros: '5000000', estimated: true });
    const statement = ['money', 'summary', '--month', '2026-06', '--by', 'month', '--json'];
    const open = linesOf((await here.run(statement)).out);

    const first = await here.run(['money', 'close', '2026-06', '--author', 'mona', '--json']);
    const ledger = await here.open();
    const lower = toQuote({ micros: '4500000' });
    await ledger.adjustCost({ jobId: 'a', number: 1 }, lower, '2026-06-30T10:00:00.000Z');
    const again = await here.run(['money', 'close', '2026-06', '--author', 'ada', '--json']);
    const closed = linesOf((await here.run(statement)).out);

    expect(linesOf(first.out)).toMatchObject([
      { month: '2026-06', currency: 'USD', chargedMicros: '5000000', author: 'mona' },
    ]);
    expect(again.out).toBe(first.out);
    expect(open).toMatchObject([{ chargedMicros: '5000000', closed: false }]);
    expect(closed).toMatchObject([{ chargedMicros: '5000000', closed: true }]);
    const all = linesOf((await here.run(['money', 'summary', '--json'])).out);
    expect(all).toMatchObject([{ chargedMicros: '4500000' }]);
  });

  it('marks closed months in the table and names who closed them', async () => {
    await here.book('a', { end: 'charge', at: '2026-06-01T10:00:00.000Z' });
    await here.book('b', { end: 'charge', at: '2026-07-01T10:00:00.000Z' });
    await here.run(['money', 'close', '2026-06', '--author', 'mona']);

    const { out } = await here.run(['money', 'summary', '--by', 'month']);
    const { err } = await here.run(['money', 'summary', '--month', '2026-06']);

    expect(out).toMatch(/^2026-06 .* closed$/m);
    expect(out).not.toMatch(/^2026-07 .* closed$/m);
    expect(err).toMatch(/^2026-06 is closed \(mona, \d{4}-\d\d-\d\d\): 0\.45 USD$/m);
  });

  it('refuses a month that has not ended', async () => {
    await here.book('a', { end: 'charge' });
    const month = new Date().toISOString().slice(0, 7);

    const { exitCode, err } = await here.run(['money', 'close', month]);

    expect(exitCode).toBe(2);
    expect(err).toContain(`month ${month} cannot be closed`);
  });
});
