import type { PostgresServer } from '../../installation/postgres.ts';
import { startPostgres } from '../../installation/postgres.ts';
import { linesOf, MoneyLedger } from './money-ledger.ts';

let server: PostgresServer;
let here: MoneyLedger;
let there: MoneyLedger;

beforeAll(async () => {
  server = await startPostgres();
});

beforeEach(async () => {
  here = new MoneyLedger();
  there = new MoneyLedger('', await server.createDatabase());
});

afterEach(async () => {
  await here.close();
  await there.close();
});

afterAll(() => server.close());

it('a ledger moves from SQLite to PostgreSQL and back, and says the same', async () => {
  await here.book('a', { tenant: 'acme', end: 'charge', estimated: true });
  await here.book('b', { tenant: '=1+1', end: 'unknown', currency: 'CNY' });
  await here.book('c', { batch: 'b1' });
  await here.run(['money', 'close', '2026-06', '--author', 'mona']);
  await here.run(['ledger', 'export', there.path('copy.jsonl')]);

  const imported = await there.run(['ledger', 'import', 'copy.jsonl']);
  await there.run(['money', 'settle', 'b', '--charged', '0.40 CNY', '--reason', 'the bill']);
  const back = new MoneyLedger();
  try {
    await there.run(['ledger', 'export', back.path('copy.jsonl')]);
    const returned = await back.run(['ledger', 'import', 'copy.jsonl']);

    expect([imported.exitCode, returned.exitCode]).toEqual([0, 0]);
    for (const line of [
      ['money', 'summary', '--by', 'tenant,batch,account,model,day', '--csv'],
      ['money', 'entries', '--csv'],
      ['money', 'discrepancies', '--json'],
      ['money', 'close', '2026-06', '--json'],
    ]) {
      const [one, other] = [await there.run(line), await back.run(line)];
      expect(one.out.length).toBeGreaterThan(0);
      expect(other).toEqual(one);
    }
    expect((await there.run(['ledger', 'check'])).exitCode).toBe(0);
  } finally {
    await back.close();
  }
});

it('a PostgreSQL ledger is made once', async () => {
  const first = await there.run(['ledger', 'migrate', '--json']);
  const second = await there.run(['ledger', 'migrate', '--json']);

  const [made] = linesOf(first.out);
  const [found] = linesOf(second.out);
  expect(made?.['from']).toBeNull();
  expect(found?.['from']).toBe(made?.['to']);
});

it('a PostgreSQL ledger that is away is a dependency that is away', async () => {
  const away = new MoneyLedger('', 'postgres://nobody@127.0.0.1:1/pollux');
  try {
    const { exitCode, out, err } = await away.run(['money', 'summary']);

    expect(exitCode).toBe(4);
    expect(err).toContain('ledger.unavailable');
    expect(out).toBe('');
  } finally {
    await away.close();
  }
});
