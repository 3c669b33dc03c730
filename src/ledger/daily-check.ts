import { sql } from 'kysely';

import { DAILY_COLUMNS, DAILY_MONEY_OF_ENTRIES } from './migrations/0003-money.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';

interface Difference {
  readonly view: string;
  readonly currency: string;
  readonly day: string;
  readonly account: string;
  readonly model: string;
  readonly tenant: string;
  readonly batch: string;
  readonly reserved: bigint;
  readonly unknown: bigint;
  readonly charged: bigint;
  readonly estimated: bigint;
  readonly charges: bigint;
}

/** Where the kept sums are not those of the entries, one line each. One statement, so that it sees one state. */
export async function* findWrongSums(database: LedgerDatabase): AsyncGenerator<string, void> {
  const { rows } = await sql<Difference>`
    select "view", currency, "day", account, model, tenant, batch,
      sum(reserved) as reserved, sum("unknown") as "unknown", sum(charged) as charged,
      sum(estimated) as estimated, sum(charges) as charges
    from (
      select ${DAILY_COLUMNS} from daily_money
      union all
      select "view", currency, "day", account, model, tenant, batch,
        -reserved, -"unknown", -charged, -estimated, -charges
      from (${DAILY_MONEY_OF_ENTRIES}) as computed
    ) as differences
    group by 1, 2, 3, 4, 5, 6, 7
    having sum(reserved) <> 0 or sum("unknown") <> 0 or sum(charged) <> 0
      or sum(estimated) <> 0 or sum(charges) <> 0
    order by 1, 2, 3, 4, 5, 6, 7`.execute(database);
  for (const row of rows) yield toLine(row);
}

function toLine(row: Difference): string {
  const { view, day, currency, account, model, tenant, batch, ...sums } = row;
  const wrong = Object.entries(sums)
    .filter(([, difference]) => difference !== 0n)
    .map(([sum, difference]) => `${sum} by ${difference.toString()}`);
  const owner = [account, model, tenant, batch].filter((name) => name !== '').join(', ');
  return `daily_money: ${view} ${day} ${currency} (${owner}) differs from the entries: ${wrong.join(', ')}`;
}

/** Writes the sums of the entries that are there into a table that holds none. */
export async function computeDailyMoney(transaction: LedgerTransaction): Promise<void> {
  await sql`insert into daily_money (${DAILY_COLUMNS}) ${DAILY_MONEY_OF_ENTRIES}`.execute(
    transaction,
  );
}
