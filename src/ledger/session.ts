import { setTimeout as delay } from 'node:timers/promises';

import type { Transaction } from 'kysely';
import { Kysely } from 'kysely';

import { LedgerError } from '../core/errors.ts';
import type { DatabaseErrors, LedgerDialect } from './dialect.ts';
import type { Tables } from './tables.ts';

export type LedgerTransaction = Transaction<Tables>;
export type LedgerDatabase = Kysely<Tables>;

/** One open database. Contention is waited out, and trouble is `ledger.unavailable`. */
export interface Session {
  /** One statement outside a transaction. */
  readonly read: <Result>(work: (database: LedgerDatabase) => Promise<Result>) => Promise<Result>;
  /** One write transaction; `work` may run again from its start, so it has no effect but on the database. */
  readonly write: <Result>(
    work: (transaction: LedgerTransaction) => Promise<Result>,
  ) => Promise<Result>;
  /** What is wrong with the database itself, one line each; `appendOnly` are the tables whose guard must be there. */
  readonly check: (appendOnly: readonly string[]) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const PAUSE_MS = 5;
const PAUSE_SPREAD_MS = 20;

/** Runs again what met contention, until `lockWaitMs` have passed. */
async function waitOutContention<Result>(
  errors: DatabaseErrors,
  lockWaitMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const waitedMs = performance.now() - startedMs;
      if (!errors.isContention(error) || waitedMs >= lockWaitMs) {
        throw errors.toLedgerError(error) ?? error;
      }
      await delay(PAUSE_MS + Math.random() * PAUSE_SPREAD_MS);
    }
  }
}

export interface SessionOptions {
  readonly lockWaitMs: number;
  readonly errors: DatabaseErrors;
  /** What is asked of the database at once may take `patienceMs`. May run again where it met contention. */
  readonly open: (patienceMs: number) => LedgerDialect;
  /** Runs once on the open database, before anybody else uses it. May run again where it met contention. */
  readonly prepare: (database: LedgerDatabase, dialect: LedgerDialect) => Promise<void>;
}

/** A migration may have to rewrite a large table. */
const PREPARATION_MS = 600_000;

export async function openSession(options: SessionOptions): Promise<Session> {
  const { lockWaitMs, errors } = options;
  const patiently = <Result>(work: () => Promise<Result>): Promise<Result> =>
    waitOutContention(errors, lockWaitMs, work);
  await patiently(() => prepare(options));
  const dialect = await patiently(async () => options.open(lockWaitMs));
  const database = new Kysely<Tables>({ dialect: dialect.kysely });

  let isClosed = false;
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isClosed) throw new LedgerError('ledger.unavailable', 'the ledger has been closed');
    return patiently(work);
  };
  return {
    read: (work) => run(() => work(database)),
    write: (work) => run(() => database.transaction().execute(work)),
    check: (appendOnly) => run(() => dialect.findDamage(database, appendOnly)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await database.destroy();
    },
  };
}

/** Over connections of its own, since they wait longer than those of the session. */
async function prepare(options: SessionOptions): Promise<void> {
  const dialect = options.open(PREPARATION_MS);
  const database = new Kysely<Tables>({ dialect: dialect.kysely });
  try {
    await options.prepare(database, dialect);
  } finally {
    await database.destroy();
  }
}
