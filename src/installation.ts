import type { AccountDirectory } from './core/accounts.ts';
import type { ArtifactStore } from './core/artifact-store.ts';
import type { Ledger } from './core/ledger.ts';
import type { Config } from './config.ts';
import { createSqlLedger } from './ledger/sql.ts';
import { createProvider } from './providers/index.ts';
import { createArtifactStore } from './storage/index.ts';

/** What a configuration stands for, as far as it does not concern Temporal. Nothing is opened before it is asked for. */
export interface Installation {
  readonly config: Config;
  readonly accounts: AccountDirectory;
  /** Opens the ledger; the caller closes it. `ledger.unavailable`, `config.invalid`. */
  openLedger(): Promise<Ledger>;
  openStore(): ArtifactStore;
}

/**
 * Binds a configuration to its adapters.
 *
 * @example
 * const installation = createInstallation(loadConfig({ file: 'pollux.yaml' }));
 * for (const { account, provider } of installation.accounts.values()) console.log(account.name, provider.name);
 */
export function createInstallation(config: Config): Installation {
  const accounts = new Map(
    [...config.accounts].map(([name, account]) => [
      name,
      { account, provider: createProvider(account) },
    ]),
  );
  return {
    config,
    accounts,
    openLedger: () => createSqlLedger({ url: config.ledger.url }),
    openStore: () => createArtifactStore(config.storage.url),
  };
}
