import { LedgerError } from '../core/errors.ts';
import type { DatabaseErrors } from './dialect.ts';

const BUSY = 5;
const LOCKED = 6;
const DAMAGED = 11;
const CONSTRAINT = 19;

interface Trouble {
  /** For a person. */
  readonly meaning: string;
  /** SQLite's own words for the code. */
  readonly words: string;
}

/** Primary result codes that speak of the file, the disk or the lock, not of the statement. */
const TROUBLE = new Map<number, Trouble>([
  [BUSY, { meaning: 'another process holds its lock', words: 'database is locked' }],
  [LOCKED, { meaning: 'another connection holds its lock', words: 'database table is locked' }],
  [7, { meaning: 'out of memory', words: 'out of memory' }],
  [8, { meaning: 'it is read-only', words: 'attempt to write a readonly database' }],
  [10, { meaning: 'the disk reports an I/O error', words: 'disk I/O error' }],
  [DAMAGED, { meaning: 'the file is damaged', words: 'database disk image is malformed' }],
  [13, { meaning: 'the disk is full', words: 'database or disk is full' }],
  [14, { meaning: 'the file cannot be opened', words: 'unable to open database file' }],
  [15, { meaning: 'the locking protocol failed', words: 'locking protocol' }],
  [26, { meaning: 'the file is not a SQLite database', words: 'file is not a database' }],
]);

/** How SQLite's errors are read, also before there is a database. */
export const sqliteErrors: DatabaseErrors = {
  isContention: (error) => primaryCode(error) === BUSY || primaryCode(error) === LOCKED,
  toLedgerError,
};

export function isDamage(error: unknown): boolean {
  return primaryCode(error) === DAMAGED;
}

/** The driver drops the result code of an error in a statement that returns rows: told from SQLite's words. */
export function restoreCode(error: unknown): unknown {
  if (primaryCode(error) !== undefined) return error;
  const words = wordsOf(error);
  const known = [...TROUBLE].find(([, trouble]) => words === trouble.words)?.[0];
  const sqliteCode = known ?? (words.includes('constraint failed') ? CONSTRAINT : undefined);
  return sqliteCode === undefined ? error : Object.assign(Object(error), { sqliteCode });
}

function wordsOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : '';
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
      `the ledger cannot be read or written: ${trouble.meaning}`,
      { details: { sqliteCode: code }, cause: error },
    );
  }
  if (code !== CONSTRAINT) return undefined;
  return new LedgerError(
    'ledger.conflict',
    'the ledger refused a row that breaks one of its rules',
    { details: { sqliteCode: code }, cause: error },
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
