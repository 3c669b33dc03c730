import type { ColumnDataType, Dialect, Expression, Kysely, QueryExecutorProvider } from 'kysely';

import type { LedgerError } from '../core/errors.ts';

/** How the errors of a database are read, also before it is open. */
export interface DatabaseErrors {
  /** True where another transaction stood in the way and the whole transaction may be run again. */
  isContention(error: unknown): boolean;
  /** The database's own trouble as an error of the table; `undefined` for what is none of its making. */
  toLedgerError(error: unknown): LedgerError | undefined;
}

/** A table that is guarded against changes, with the columns of its key. */
export interface GuardedTable {
  readonly table: string;
  readonly key: readonly string[];
}

/** All that differs between the databases a ledger can live in. */
export interface LedgerDialect extends DatabaseErrors {
  readonly kysely: Dialect;
  /** Type of a column for text that is compared and ordered by its bytes. */
  readonly text: ColumnDataType | Expression<unknown>;
  /** Makes the database itself refuse to change or remove the rows of a table. */
  makeAppendOnly(database: Kysely<unknown>, table: string): Promise<void>;
  /** Makes the database refuse an insertion that would remove the row with the same key, where it knows such a thing. */
  refuseReplacing(database: Kysely<unknown>, guarded: GuardedTable): Promise<void>;
  /** What is wrong with the database itself, one line each; `appendOnly` are the tables whose guards must be there. */
  findDamage(
    database: QueryExecutorProvider,
    appendOnly: readonly GuardedTable[],
  ): Promise<readonly string[]>;
}
