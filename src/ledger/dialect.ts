import type { ColumnDataType, Dialect, Expression, Kysely, QueryExecutorProvider } from 'kysely';

import type { LedgerError } from '../core/errors.ts';

/** How the errors of a database are read, also before it is open. */
export interface DatabaseErrors {
  /** True where another transaction stood in the way and the whole transaction may be run again. */
  isContention(error: unknown): boolean;
  /** The database's own trouble as an error of the table; `undefined` for what is none of its making. */
  toLedgerError(error: unknown): LedgerError | undefined;
}

/** All that differs between the databases a ledger can live in. */
export interface LedgerDialect extends DatabaseErrors {
  readonly kysely: Dialect;
  /** Type of a column for text that is compared and ordered by its bytes. */
  readonly text: ColumnDataType | Expression<unknown>;
  /** Makes the database itself refuse to change or remove the rows of a table. */
  makeAppendOnly(database: Kysely<unknown>, table: string): Promise<void>;
  /** What is wrong with the database itself, one line each; `appendOnly` are the tables whose guard must be there. */
  findDamage(
    database: QueryExecutorProvider,
    appendOnly: readonly string[],
  ): Promise<readonly string[]>;
}
