import { parseConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { budgetsOf, toPeriodStart } from '../../src/core/budget.ts';

const ACCOUNTS = 'accounts: { studio: { provider: nexusflow, apiKey: { env: KEY } } }';
const LIMIT = 'currency: USD, limitMicros: "50000000"';

function parse(...budgets: readonly string[]): Config {
  const text = `${ACCOUNTS}\nbudgets:\n${budgets.map((budget) => `  - { ${budget} }\n`).join('')}`;
  return parseConfig(text, { file: '/etc/pollux.yaml', directory: '/etc', environment: {} });
}

describe('budgets in a configuration', () => {
  it('limit a named one, or each of its scope by itself, or all together', () => {
    const { budgets } = parse(
      `name: acme, scope: tenant, tenant: acme, per: day, ${LIMIT}`,
      `name: any-batch, scope: batch, per: ever, ${LIMIT}`,
      `name: everything, scope: all, per: month, currency: CNY, limitMicros: 7`,
    );

    expect(budgets).toEqual([
      expect.objectContaining({ name: 'acme', scope: 'tenant', of: 'acme', per: 'day' }),
      expect.objectContaining({ name: 'any-batch', scope: 'batch', of: null, per: 'ever' }),
      {
        name: 'everything',
        scope: 'all',
        of: null,
        currency: 'CNY',
        limitMicros: '7',
        per: 'month',
      },
    ]);
  });

  it.each([
    [
      [`name: a, scope: all, tenant: acme, per: day, ${LIMIT}`],
      'budgets[0].tenant ("acme"): needs scope: tenant',
    ],
    [
      [`name: a, scope: account, account: stduio, per: day, ${LIMIT}`],
      'must be one of the accounts: studio',
    ],
    [
      [`name: a, scope: all, per: day, ${LIMIT}`, `name: a, scope: all, per: month, ${LIMIT}`],
      'budgets[1].name ("a"): must not be the name of another budget',
    ],
    [[`name: a, scope: all, per: day, currency: USD, limitMicros: 0.5`], 'whole number of micros'],
    [
      [`name: a, scope: all, per: day, currency: USD, limitMicros: "10000000000000001"`],
      'must be at most 10000000000000000 micros',
    ],
    [[`name: a, scope: all, per: week, ${LIMIT}`], 'budgets[0].per'],
  ])('that cannot be meant are refused: %j', (budgets, rule) => {
    expect(() => parse(...budgets)).toThrow(rule);
  });
});

describe('the budgets that a job needs to fit', () => {
  const { budgets } = parse(
    `name: acme, scope: tenant, tenant: acme, per: day, ${LIMIT}`,
    `name: each-batch, scope: batch, per: ever, ${LIMIT}`,
    `name: studio, scope: account, account: studio, per: month, ${LIMIT}`,
    `name: all, scope: all, per: ever, ${LIMIT}`,
  );
  const namesFor = (job: Partial<Parameters<typeof budgetsOf>[0]>): readonly string[] => {
    const whose = { tenant: null, batch: null, account: 'other', currency: 'USD', ...job };
    return budgetsOf(whose, budgets).map(({ name }) => name);
  };

  it.each([
    [{ tenant: 'acme', batch: 'b', account: 'studio' }, ['acme', 'each-batch', 'studio', 'all']],
    [{ tenant: 'other' }, ['all']],
    [{ batch: 'b' }, ['each-batch', 'all']],
    [{ tenant: 'acme', currency: 'CNY' }, []],
  ])('%j: %j', (job, names) => {
    expect(namesFor(job)).toEqual(names);
  });

  it('begin with the day or the month of UTC, or never end', () => {
    const at = '2026-11-21T23:59:59.999Z';

    expect(toPeriodStart('day', at)).toBe('2026-11-21');
    expect(toPeriodStart('month', at)).toBe('2026-11-01');
    expect(toPeriodStart('ever', at)).toBeNull();
  });
});
