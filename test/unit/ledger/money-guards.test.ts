import type { Ledger } from '../../../src/core/ledger.ts';
import { acceptedJob, at, QUOTE } from '../../contract/suites/ledger/ledger-under-test.ts';
import { PostgresLedgers } from '../../installation/postgres-ledgers.ts';
import { TemporaryLedger } from './temporary-ledger.ts';

let sqlite: TemporaryLedger;
let postgres: PostgresLedgers;
beforeAll(async () => {
  postgres = await PostgresLedgers.start();
});
afterAll(() => postgres.server.close());
beforeEach(() => {
  sqlite = new TemporaryLedger();
});
afterEach(async () => {
  await sqlite.remove();
  await postgres.clear();
});

interface Place {
  readonly open: () => Promise<Ledger>;
  /** Runs a statement as another program would. */
  readonly run: (statement: string) => Promise<unknown>;
}

const PLACES: readonly (Place & { readonly kind: string })[] = [
  {
    kind: 'SQLite',
    open: () => sqlite.open(),
    run: async (statement) => sqlite.openRaw().exec(statement),
  },
  {
    kind: 'PostgreSQL',
    open: () => postgres.open(),
    run: (statement) => postgres.query(statement),
  },
];

async function openWithClosedMonth({ open }: Place): Promise<Ledger> {
  const ledger = await open();
  const id = await acceptedJob(ledger, { tenant: 'acme' });
  await ledger.recordCost(id, { kind: 'charge', quote: QUOTE, reason: 'done' }, at(4));
  await ledger.closeMonth('2026-11', 'ada', '2026-12-01T00:00:00.000Z');
  return ledger;
}

describe.each(PLACES)('a ledger on $kind', (place) => {
  it.each([
    'update entries set micros = 1',
    'delete from entries',
    'update month_totals set charged = 1',
    'delete from month_totals',
    "update closed_months set month = '2027-01'",
    'delete from closed_months',
  ])('[I5] refuses "%s", whoever asks', async (statement) => {
    const ledger = await openWithClosedMonth(place);

    await expect(place.run(statement)).rejects.toThrow(/append-only/);

    expect((await ledger.closedMonths())[0]?.chargedMicros).toBe(QUOTE.micros);
  });

  it.each([
    ['update daily_money set charged = charged + 5', 'charged by 5'],
    ['update daily_money set reserved = reserved - 5', 'reserved by -5'],
    ['delete from daily_money', 'charged by -450000, charges by -1'],
  ])('is told by its check that sums are wrong after "%s"', async (statement, difference) => {
    const ledger = await openWithClosedMonth(place);
    expect(await ledger.check()).toEqual([]);

    await place.run(statement);

    const differs = `differs from the entries: ${difference}`;
    expect(await ledger.check()).toEqual([
      `daily_money: admitted 2026-11-21 USD (main, wan2.6-t2v, acme) ${differs}`,
      `daily_money: admitted_by_account 2026-11-21 USD (main) ${differs}`,
      `daily_money: booked 2026-11-21 USD (main, wan2.6-t2v, acme) ${differs}`,
    ]);
  });

  it('is told by its check that a guard of closed months is gone', async () => {
    const ledger = await openWithClosedMonth(place);
    const drop = {
      SQLite: 'drop trigger month_totals_refuse_delete',
      PostgreSQL: 'drop trigger month_totals_refuse_change on month_totals',
    };

    await place.run(drop[place.kind as keyof typeof drop]);

    expect(await ledger.check()).toEqual([expect.stringMatching(/^month_totals: the trigger/)]);
  });
});
