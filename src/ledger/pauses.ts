import type { Admission } from '../core/ledger.ts';
import type { AccountPause } from '../core/money-book.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';

/** Keeps an account from being submitted to. Run twice: the same pause; one that ends later stays as it is. */
export async function pauseAccount(
  transaction: LedgerTransaction,
  account: string,
  { reason, since, until }: AccountPause,
): Promise<void> {
  await transaction
    .insertInto('account_pauses')
    .values({ account, reason, since, until })
    .onConflict((conflict) =>
      conflict
        .column('account')
        .doUpdateSet({ reason, since, until })
        .where('account_pauses.until', '<', until),
    )
    .execute();
}

export async function readPauses(
  database: LedgerDatabase,
  at: string,
): Promise<ReadonlyMap<string, AccountPause>> {
  const rows = await database
    .selectFrom('account_pauses')
    .selectAll()
    .where('until', '>', at)
    .orderBy('account')
    .execute();
  return new Map(rows.map(({ account, ...pause }) => [account, pause]));
}

/** `paused` where the account is not submitted to at that time. */
export async function findPause(
  transaction: LedgerTransaction,
  account: string,
  at: string,
): Promise<Extract<Admission, { kind: 'paused' }> | undefined> {
  const pause = await transaction
    .selectFrom('account_pauses')
    .select(['reason', 'since', 'until'])
    .where('account', '=', account)
    .where('until', '>', at)
    .executeTakeFirst();
  return pause === undefined ? undefined : { kind: 'paused', pause };
}
