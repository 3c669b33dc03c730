import { LedgerError } from '../core/errors.ts';
import type { DatabaseErrors } from './dialect.ts';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const CONTENTION: ReadonlySet<string> = new Set([SERIALIZATION_FAILURE, DEADLOCK]);

/** SQLSTATE, or its class, of what speaks of the server, the connection or the lock, not of the statement. */
const TROUBLE = new Map<string, string>([
  ['08', 'the connection failed'],
  ['25006', 'the server takes no writes'],
  ['25P03', 'the server ended a transaction that stood still'],
  ['28', 'the server refuses the user or the password'],
  ['3D000', 'the server has no such database'],
  ['40', 'another transaction stood in the way'],
  ['42501', 'the user lacks a permission'],
  ['53', 'the server is out of memory, disk or connections'],
  ['55P03', 'another process holds its lock'],
  ['57014', 'a statement took too long'],
  ['57', 'the server is starting or stopping'],
  ['58', 'the server reports an I/O error'],
  ['XX', 'the server reports an internal error or damaged data'],
]);

/** Classes that say that a row breaks a rule of its table. */
const REFUSED: ReadonlySet<string> = new Set(['22', '23']);

/** How PostgreSQL's errors are read. */
export const postgresErrors: DatabaseErrors = {
  isContention: (error) => CONTENTION.has(sqlStateOf(error) ?? ''),
  toLedgerError,
};

/** The code in an answer of the server; `undefined` for an error that is no answer. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (!('severity' in error && 'code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The connection gave no answer: whether the server did what it was asked to is not known. */
export function noAnswer(reason: string, cause: unknown): LedgerError {
  return new LedgerError(
    'ledger.unavailable',
    `the ledger cannot be read or written: ${reason}; check ledger.url and the server`,
    { details: { reason }, cause },
  );
}

function toLedgerError(error: unknown): LedgerError | undefined {
  if (error instanceof LedgerError) return error;
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) return undefined;
  const stateClass = sqlState.slice(0, 2);
  const trouble = TROUBLE.get(sqlState) ?? TROUBLE.get(stateClass);
  if (trouble !== undefined) {
    return new LedgerError(
      'ledger.unavailable',
      `the ledger cannot be read or written: ${trouble} (SQLSTATE ${sqlState})`,
      { details: { sqlState }, cause: error },
    );
  }
  if (!REFUSED.has(stateClass)) return undefined;
  return new LedgerError(
    'ledger.conflict',
    `the ledger refused a row that breaks one of its rules (SQLSTATE ${sqlState})`,
    { details: { sqlState }, cause: error },
  );
}
