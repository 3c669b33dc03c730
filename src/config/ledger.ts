import { Secret } from '../core/secret.ts';

export type LedgerLocation =
  | {
      readonly kind: 'sqlite';
      /** As a person reads it: `sqlite:/absolute/path`. */
      readonly url: string;
      readonly path: string;
    }
  | {
      readonly kind: 'postgres';
      /** As a person reads it: without a password. */
      readonly url: string;
      /** The URL as it was written. */
      readonly address: Secret;
    };

const POSTGRES = /^postgres(ql)?:\/\//;

/** True for `sqlite:PATH`, and for a PostgreSQL URL that names a database. */
export function isLedgerUrl(url: string): boolean {
  if (!POSTGRES.test(url)) return /^sqlite:./.test(url);
  return URL.canParse(url) && new URL(url).pathname.length > 1;
}

/** `toPath` makes the path of a file absolute. */
export function toLedgerLocation(url: string, toPath: (url: string) => string): LedgerLocation {
  if (!POSTGRES.test(url)) {
    const path = toPath(url);
    return { kind: 'sqlite', url: `sqlite:${path}`, path };
  }
  return { kind: 'postgres', url: withoutPassword(url), address: new Secret(() => url) };
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  // The client library takes one from the query, too.
  if (shown.searchParams.has('password')) shown.searchParams.delete('password');
  return shown.href;
}
