import type { Budget } from '../../../src/core/budget.ts';
import { linesOf, MoneyLedger, toQuote } from './money-ledger.ts';

const BUDGETS = `
budgets:
  - { name: whole, scope: all, currency: USD, limitMicros: 10000000, per: ever }
  - { name: today, scope: all, currency: USD, limitMicros: 10000000, per: day }
  - { name: acme, scope: tenant, tenant: acme, currency: USD, limitMicros: 1000000, per: month }
  - { name: each batch, scope: batch, currency: USD, limitMicros: 1000000, per: ever }
  - { name: each batch of the month, scope: batch, currency: USD, limitMicros: 1000000, per: month }
`;

let here: MoneyLedger;

beforeEach(() => {
  here = new MoneyLedger(BUDGETS);
});

afterEach(async () => {
  await here.close();
});

interface Line {
  readonly budget: string;
  readonly of: string | null;
  readonly spentMicros: string;
  readonly reservedMicros: string;
  readonly unknownMicros: string;
  readonly leftMicros: string;
}

async function readLines(): Promise<readonly (readonly (string | null)[])[]> {
  const { out } = await here.run(['money', 'budgets', '--json']);
  const lines = linesOf(out) as unknown as readonly Line[];
  return lines.map((line) => [
    ...[line.budget, line.of, line.spentMicros, line.reservedMicros],
    ...[line.unknownMicros, line.leftMicros],
  ]);
}

describe('pollux money budgets', () => {
  it('counts what was spent, is reserved and is unknown, each where it belongs', async () => {
    const at = new Date().toISOString();
    await here.book('a', { tenant: 'acme', batch: 'b1', at, end: 'charge', micros: '400000' });
    await here.book('b', { tenant: 'acme', batch: 'b2', at, end: 'unknown', micros: '300000' });
    await here.book('c', { tenant: 'acme', batch: 'b1', at, micros: '200000' });
    await here.book('d', { at, end: 'release', micros: '999999' });
    await here.book('e', { at, end: 'charge', micros: '5000000', currency: 'CNY' });
    const long = { tenant: 'acme', batch: 'b1', at: '2026-01-05T10:00:00.000Z' };
    await here.book('f', { ...long, end: 'charge', micros: '100000' });

    expect(await readLines()).toEqual([
      ['whole', null, '500000', '200000', '300000', '9000000'],
      ['today', null, '400000', '200000', '300000', '9100000'],
      ['acme', 'acme', '400000', '200000', '300000', '100000'],
      ['each batch', 'b1', '500000', '200000', '0', '300000'],
      ['each batch', 'b2', '0', '0', '300000', '700000'],
      ['each batch of the month', 'b1', '400000', '200000', '0', '400000'],
      ['each batch of the month', 'b2', '0', '0', '300000', '700000'],
    ]);
  });

  it('leaves out money of today whose submission was admitted in an earlier period', async () => {
    await here.book('a', { tenant: 'acme', at: '2026-01-05T10:00:00.000Z', end: 'unknown' });
    await here.run(['money', 'settle', 'a', '--charged', '0.45 USD', '--reason', 'the bill']);

    const lines = await readLines();

    expect(lines.slice(0, 3)).toEqual([
      ['whole', null, '450000', '0', '0', '9550000'],
      ['today', null, '0', '0', '0', '10000000'],
      ['acme', 'acme', '0', '0', '0', '1000000'],
    ]);
  });

  it('counts adjustments, and agrees with what admission refuses', async () => {
    const at = new Date().toISOString();
    await here.book('a', { tenant: 'acme', at, end: 'charge', micros: '900000', estimated: true });
    const ledger = await here.open();
    await ledger.adjustCost({ jobId: 'a', number: 1 }, toQuote({ micros: '700000' }), at);

    const { out } = await here.run(['money', 'budgets']);

    expect(out).toMatch(/^acme +tenant acme +month +1\.00 USD +0\.70 USD .* 0\.30 USD +70 %$/m);
    const acme = { name: 'acme', scope: 'tenant', of: 'acme', currency: 'USD' } as const;
    const budgets: readonly Budget[] = [{ ...acme, limitMicros: '1000000', per: 'month' }];
    await expect(
      here.book('b', { tenant: 'acme', at, micros: '300001', budgets }),
    ).rejects.toMatchObject({
      code: 'request.over_budget',
      details: { spentMicros: '700000', reservedMicros: '0', unknownMicros: '0' },
    });
    await here.book('b', { tenant: 'acme', at, micros: '300000', budgets });
  });

  it('shows a bar to a person', async () => {
    const at = new Date().toISOString();
    await here.book('a', { tenant: 'acme', at, end: 'charge', micros: '250000' });

    const { out } = await here.run(['money', 'budgets'], { isTerminal: true });

    expect(out).toMatch(/^acme .*0\.75 USD +█████░░░░░░░░░░░░░░░ 25 %$/m);
  });

  it('shows what is left while there is no ledger yet', async () => {
    expect(await readLines()).toEqual([
      ['whole', null, '0', '0', '0', '10000000'],
      ['today', null, '0', '0', '0', '10000000'],
      ['acme', 'acme', '0', '0', '0', '1000000'],
    ]);
  });
});
