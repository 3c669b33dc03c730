import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseConnection, Dialect, Kysely, SqliteDatabase } from 'kysely';
import { sql, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';

import { LedgerError } from '../core/errors.ts';
import type { LedgerDialect } from './dialect.ts';
import { refuseNetworkFileSystem } from './network-file-systems.ts';

/**
 * SQLite's own wait stops the whole process, so it is kept short; the session waits between tries without stopping
 * anything.
 */
const WAIT_IN_CALL_MS = 20;

const BUSY = 5;
const LOCKED = 6;
const CONSTRAINT = 19;

/** Primary result codes that speak of the file, the disk or the lock, not of the statement. */
const TROUBLE = new Map<number, string>([
  [BUSY, 'another process holds its lock'],
  [LOCKED, 'another connection holds its lock'],
  [7, 'out of memory'],
  [8, 'it is read-only'],
  [10, 'the disk reports an I/O error'],
  [11, 'the file is damaged'],
  [13, 'the disk is full'],
  [14, 'the file cannot be opened'],
  [15, 'the locking protocol failed'],
  [26, 'the file is not a SQLite database'],
]);

/** How SQLite's errors are read, also before there is a database. */
export const sqliteErrors: Pick<LedgerDialect, 'isContention' | 'toLedgerError'> = {
  isContention: (error) => primaryCode(error) === BUSY || primaryCode(error) === LOCKED,
  toLedgerError,
};

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
  return { kysely: createDialect(database), makeAppendOnly, ...sqliteErrors };
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
        all: (parameters): unknown[] => statement.all(...parameters),
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

  override async beginTransaction(): Promise<void> {
    this.#database.exec('BEGIN IMMEDIATE');
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

async function makeAppendOnly(database: Kysely<unknown>, table: string): Promise<void> {
  for (const verb of ['update', 'delete']) {
    await sql`create trigger ${sql.id(`${table}_refuse_${verb}`)} before ${verb === 'update' ? sql`update` : sql`delete`}
      on ${sql.table(table)} begin select raise(abort, 'entries are append-only'); end`.execute(
      database,
    );
  }
}

function primaryCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('sqliteCode' in error)) return undefined;
  return typeof error.sqliteCode === 'number' ? error.sqliteCode & 0xff : undefined;
}

function toLedgerError(error: unknown): LedgerError | undefined {
  const code = primaryCode(error);
  if (code === undefined) return toFileError(error);
  const trouble = TROUBLE.get(code);
  if (trouble !== undefined) {
    return new LedgerError(
      'ledger.unavailable',
      `the ledger cannot be read or written: ${trouble}`,
      {
        details: { sqliteCode: code },
        cause: error,
      },
    );
  }
  if (code !== CONSTRAINT) return undefined;
  return new LedgerError(
    'ledger.conflict',
    'the ledger refused a row that breaks one of its rules',
    {
      details: { sqliteCode: code },
      cause: error,
    },
  );
}

/** Making the folder or the file failed before SQLite was asked. */
function toFileError(error: unknown): LedgerError | undefined {
  if (typeof error !== 'object' || error === null || !('syscall' in error && 'code' in error)) {
    return undefined;
  }
  const code = String(error.code);
  return new LedgerError('ledger.unavailable', `the ledger's file cannot be opened: ${code}`, {
    details: { code },
    cause: error,
  });
}
