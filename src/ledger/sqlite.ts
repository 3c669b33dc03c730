import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseConnection, Dialect, SqliteDatabase, TransactionSettings } from 'kysely';
import { SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';

import type { LedgerDialect } from './dialect.ts';
import { refuseNetworkFileSystem } from './network-file-systems.ts';
import { restoreCode, sqliteErrors } from './sqlite-errors.ts';
import { findDamage, makeAppendOnly, refuseReplacing } from './sqlite-guards.ts';

/**
 * SQLite's own wait stops the whole process, so it is kept short; the session waits between tries without stopping
 * anything.
 */
const WAIT_IN_CALL_MS = 20;

/**
 * Opens the file, made with its folder if it is new (modes 0600 and 0700). Throws `config.invalid` on a network file
 * system and SQLite's own errors otherwise.
 */
export function openSqlite(path: string): LedgerDialect {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseNetworkFileSystem(folder);
  // SQLite gives its -wal and -shm files the mode of the database file.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { readBigInts: true, timeout: WAIT_IN_CALL_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL');
    // Without FULL a commit in WAL mode makes no fsync and does not survive a power loss.
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    kysely: createDialect(database),
    text: 'text',
    makeAppendOnly,
    refuseReplacing,
    findDamage,
    ...sqliteErrors,
  };
}

function createDialect(database: SqliteFile): Dialect {
  return {
    createDriver: () => new ImmediateDriver(database),
    createAdapter: () => new TransactionalAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
  };
}

type SqliteFile = InstanceType<typeof DatabaseSync>;

/** The subset of a database that Kysely needs. Statements are kept: the ledger has few, and runs them often. */
function toKyselyDatabase(database: SqliteFile): SqliteDatabase {
  const statements = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  return {
    close: () => database.close(),
    prepare: (text) => {
      const known = statements.get(text);
      if (known !== undefined) return known;
      const statement = database.prepare(text);
      const prepared: ReturnType<SqliteDatabase['prepare']> = {
        reader: statement.columns().length > 0,
        all: (parameters): unknown[] => {
          try {
            return statement.all(...parameters);
          } catch (error) {
            throw restoreCode(error);
          }
        },
        run: (parameters) => statement.run(...parameters),
        iterate: (parameters) => statement.iterate(...parameters),
      };
      if (statements.size >= KEPT_STATEMENTS) statements.clear();
      statements.set(text, prepared);
      return prepared;
    },
  };
}

const KEPT_STATEMENTS = 200;

/** Takes the write lock when a transaction begins: one that reads first could not write after another writer. */
class ImmediateDriver extends SqliteDriver {
  readonly #database: SqliteFile;

  constructor(database: SqliteFile) {
    super({ database: toKyselyDatabase(database) });
    this.#database = database;
  }

  override async beginTransaction(
    _connection?: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    this.#database.exec(settings?.accessMode === 'read only' ? 'BEGIN' : 'BEGIN IMMEDIATE');
  }

  /** SQLite rolls back by itself after a full disk or an I/O error; a second rollback would hide that error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** Lets the migrator run all migrations in one transaction, whose write lock keeps other processes out. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
