import type { AccountDirectory, AccountEntry } from '../core/accounts.ts';
import type { Logger } from '../core/logger.ts';
import type { TaskSummary } from '../core/provider.ts';

/** A realm in which nobody else creates tasks, and the accounts that can list it. */
export interface ListedRealm {
  readonly realm: string;
  readonly entries: readonly AccountEntry[];
}

export type RealmListing =
  | {
      readonly outcome: 'listed';
      readonly entry: AccountEntry;
      /** Newest first. */
      readonly tasks: readonly TaskSummary[];
    }
  | { readonly outcome: 'trouble'; readonly message: string };

const LIST_TIMEOUT_MS = 15_000;
const DEFAULT_PAGE = 100;

export function exclusiveRealms(accounts: AccountDirectory): readonly ListedRealm[] {
  const realms = new Map<string, AccountEntry[]>();
  for (const entry of accounts.values()) {
    const { exclusive, realm } = entry.account;
    if (!exclusive || entry.provider.list === undefined) continue;
    realms.set(realm, [...(realms.get(realm) ?? []), entry]);
  }
  return [...realms].map(([realm, entries]) => ({ realm, entries }));
}

/** One list call; where an account cannot make it, the realm's next one is asked. */
export async function listRealm(
  { realm, entries }: ListedRealm,
  logger: Logger,
  signal: AbortSignal,
): Promise<RealmListing> {
  const troubles: string[] = [];
  for (const entry of entries) {
    const { account, provider } = entry;
    const answer = await provider.list?.(
      { limit: provider.capabilities.listPageSize ?? DEFAULT_PAGE },
      { signal, apiKey: account.apiKey, timeoutMs: LIST_TIMEOUT_MS, logger },
    );
    if (answer?.outcome === 'listed') return { outcome: 'listed', entry, tasks: answer.tasks };
    const reason = answer === undefined ? 'it lists no tasks' : answer.error.message;
    troubles.push(`account ${account.name}: ${reason}`);
  }
  const message = `the list of realm ${realm} cannot be read: ${troubles.join('; ')}`;
  return { outcome: 'trouble', message };
}
