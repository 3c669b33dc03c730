import type { Dialect, Kysely } from 'kysely';

import type { LedgerError } from '../core/errors.ts';

/** All that differs between the databases a ledger can live in. */
export interface LedgerDialect {
  readonly kysely: Dialect;
  /** True where another transaction stood in the way and the whole transaction may be run again. */
  isContention(error: unknown): boolean;
  /** The database's own trouble as an error of the table; `undefined` for what is none of its making. */
  toLedgerError(error: unknown): LedgerError | undefined;
  /** Makes the database itself refuse UPDATE and DELETE on a table. */
  makeAppendOnly(database: Kysely<unknown>, table: string): Promise<void>;
}
