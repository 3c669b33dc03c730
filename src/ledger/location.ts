import { ConfigError } from '../core/errors.ts';

const SQLITE = 'sqlite:';
const POSTGRES = /^postgres(ql)?:/;

/** Where a ledger is. */
export type LedgerPlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** The URL may hold a password. */
  | { readonly kind: 'postgres'; readonly url: string };

/** The place that a URL names. Throws `config.invalid`, without repeating a password. */
export function toLedgerPlace(url: string): LedgerPlace {
  if (url.startsWith(SQLITE)) return { kind: 'sqlite', path: toSqlitePath(url) };
  if (!POSTGRES.test(url)) throw unknownScheme(url);
  if (!isDatabaseUrl(url)) {
    throw invalidUrl(
      'ledger.url (scheme "postgres"): must be postgres://user@host:5432/database; ' +
        'characters such as / and @ in a user name or password must be percent-encoded',
    );
  }
  return { kind: 'postgres', url };
}

function isDatabaseUrl(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname.length > 1;
}

function toSqlitePath(url: string): string {
  const path = url.slice(SQLITE.length).replace(/^\/\/(?=\/)/, '');
  if (path === '' || path === ':memory:' || path.includes('\0')) {
    throw invalidUrl(
      `ledger.url (${JSON.stringify(url)}): must name a file, e.g. sqlite:.pollux/ledger.db`,
    );
  }
  return path;
}

function unknownScheme(url: string): ConfigError {
  // What stands before the colon cannot hold a password.
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(url)?.[0] ?? 'none';
  return invalidUrl(
    `ledger.url (scheme "${scheme}"): must be sqlite:PATH, e.g. sqlite:.pollux/ledger.db, ` +
      'or postgres://user@host:5432/database',
    { scheme },
  );
}

function invalidUrl(message: string, details: { readonly scheme?: string } = {}): ConfigError {
  return new ConfigError('config.invalid', message, {
    details: { field: 'ledger.url', ...details },
  });
}
