import { setTimeout as delay } from 'node:timers/promises';

import type { Transaction } from 'kysely';
import { Kysely } from 'kysely';

import { LedgerError } from '../core/errors.ts';
import type { LedgerDialect } from './dialect.ts';
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
  readonly close: () => Promise<void>;
}

type DatabaseErrors = Pick<LedgerDialect, 'isContention' | 'toLedgerError'>;

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
  /** May run again from its start where it met contention. */
  readonly open: () => LedgerDialect;
  /** Runs once on the open database, before anybody else uses it. May run again where it met contention. */
  readonly prepare: (database: LedgerDatabase, dialect: LedgerDialect) => Promise<void>;
}

export async function openSession(options: SessionOptions): Promise<Session> {
  const { lockWaitMs, errors } = options;
  const patiently = <Result>(work: () => Promise<Result>): Promise<Result> =>
    waitOutContention(errors, lockWaitMs, work);
  const dialect = await patiently(async () => options.open());
  const database = new Kysely<Tables>({ dialect: dialect.kysely });
  try {
    await patiently(() => options.prepare(database, dialect));
  } catch (error) {
    await database.destroy();
    throw error;
  }

  let isClosed = false;
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isClosed) throw new LedgerError('ledger.unavailable', 'the ledger has been closed');
    return patiently(work);
  };
  return {
    read: (work) => run(() => work(database)),
    write: (work) => run(() => database.transaction().execute(work)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await database.destroy();
    },
  };
}
