import { ConfigError } from '../core/errors.ts';

const SQLITE = 'sqlite:';

/** The path in a `sqlite:PATH` URL. Throws `config.invalid` for any other. */
export function toSqlitePath(url: string): string {
  if (!url.startsWith(SQLITE)) {
    // What stands before the colon cannot hold a password.
    const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(url)?.[0] ?? 'none';
    throw new ConfigError(
      'config.invalid',
      `ledger.url (scheme "${scheme}"): must be sqlite:PATH, e.g. sqlite:.pollux/ledger.db; ` +
        'PostgreSQL ledgers come with a later release',
      { details: { field: 'ledger.url', scheme } },
    );
  }
  const path = url.slice(SQLITE.length).replace(/^\/\/(?=\/)/, '');
  if (path === '' || path === ':memory:' || path.includes('\0')) {
    throw new ConfigError(
      'config.invalid',
      `ledger.url (${JSON.stringify(url)}): must name a file, e.g. sqlite:.pollux/ledger.db`,
      { details: { field: 'ledger.url' } },
    );
  }
  return path;
}
