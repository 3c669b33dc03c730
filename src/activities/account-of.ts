import type { AccountEntry } from '../core/accounts.ts';
import { ConfigError } from '../core/errors.ts';
import type { ActivityPorts } from './ports.ts';

/** The account of a job that was opened before. `config.invalid` where it has left the configuration since. */
export function requireAccount(ports: Pick<ActivityPorts, 'accounts'>, name: string): AccountEntry {
  const entry = ports.accounts.get(name);
  if (entry === undefined) {
    throw new ConfigError(
      'config.invalid',
      `account ${name} is no longer configured, but a job of it is open; put it back under accounts.${name}`,
      { details: { account: name } },
    );
  }
  return entry;
}
