import type { Timing } from '../core/account.ts';
import { resolveTiming } from '../core/account.ts';
import type { AccountDirectory } from '../core/accounts.ts';
import type { SubmissionRecord } from '../core/ledger.ts';

/** What the configuration says of an account and a model now; the defaults where it does not know the account any more. */
export function timingOf(accounts: AccountDirectory, account: string, model: string): Timing {
  const entry = accounts.get(account);
  const hints = entry?.provider.models.find(model)?.timing ?? {};
  return resolveTiming(entry?.account.timing ?? {}, hints);
}

/** When the traces of a submission that was armed have had their time, milliseconds since 1970. */
export function settledAtMs(accounts: AccountDirectory, row: SubmissionRecord): number {
  const { settleSeconds } = timingOf(accounts, row.account, row.model);
  return Date.parse(row.deadlineAt ?? row.createdAt) + settleSeconds * 1000;
}
