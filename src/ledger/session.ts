import { setTimeout as delay } from 'node:timers/promises';

import type { Transaction } from 'kysely';
import { Kysely } from 'kysely';

import { LedgerError } from '../core/errors.ts';
import type { DatabaseErrors, GuardedTable, LedgerDialect } from './dialect.ts';
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
  /** What `work` reads of one state of the database, over connections of its own, however long it takes. */
  readonly snapshot: <Item>(
    work: (database: LedgerDatabase) => AsyncIterable<Item>,
  ) => AsyncGenerator<Item, void>;
  /** One write transaction that may take long, over connections of its own. `work` may run again from its start. */
  readonly writeAtLength: <Result>(
    work: (transaction: LedgerTransaction) => Promise<Result>,
  ) => Promise<Result>;
  /** What is wrong with the database itself, one line each; `appendOnly` are the tables whose guards must be there. */
  readonly check: (appendOnly: readonly GuardedTable[]) => Promise<readonly string[]>;
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

/** A migration may have to rewrite a large table, an export to read all of them. */
const AT_LENGTH_MS = 600_000;

export async function openSession(options: SessionOptions): Promise<Session> {
  const { lockWaitMs, errors } = options;
  const patiently = <Result>(work: () => Promise<Result>): Promise<Result> =>
    waitOutContention(errors, lockWaitMs, work);
  await patiently(() => prepare(options));
  const dialect = await patiently(async () => options.open(lockWaitMs));
  const database = new Kysely<Tables>({ dialect: dialect.kysely });

  let isClosed = false;
  const requireOpen = (): void => {
    if (isClosed) throw new LedgerError('ledger.unavailable', 'the ledger has been closed');
  };
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    requireOpen();
    return patiently(work);
  };
  return {
    read: (work) => run(() => work(database)),
    write: (work) => run(() => database.transaction().execute(work)),
    snapshot: async function* (work) {
      requireOpen();
      yield* readSnapshot(options, work);
    },
    writeAtLength: (work) => run(() => atLength(options, (own) => own.transaction().execute(work))),
    check: (appendOnly) => run(() => dialect.findDamage(database, appendOnly)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await database.destroy();
    },
  };
}

/** Over connections of its own, since they wait longer than those of the session. */
function prepare(options: SessionOptions): Promise<void> {
  return atLength(options, options.prepare);
}

async function atLength<Result>(
  options: SessionOptions,
  work: (database: LedgerDatabase, dialect: LedgerDialect) => Promise<Result>,
): Promise<Result> {
  const dialect = options.open(AT_LENGTH_MS);
  const database = new Kysely<Tables>({ dialect: dialect.kysely });
  try {
    return await work(database, dialect);
  } finally {
    await database.destroy();
  }
}

async function* readSnapshot<Item>(
  { errors, lockWaitMs, open }: SessionOptions,
  work: (database: LedgerDatabase) => AsyncIterable<Item>,
): AsyncGenerator<Item, void> {
  const dialect = await waitOutContention(errors, lockWaitMs, async () => open(AT_LENGTH_MS));
  const database = new Kysely<Tables>({ dialect: dialect.kysely });
  try {
    const transaction = await database.startTransaction().setAccessMode('read only').execute();
    try {
      yield* work(transaction);
    } finally {
      await transaction.rollback().execute();
    }
  } catch (error) {
    throw errors.toLedgerError(error) ?? error;
  } finally {
    await database.destroy();
  }
}
