import { Socket } from 'node:net';

import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { PoolClient } from 'pg';
import { Pool, TypeOverrides, types } from 'pg';

import { noAnswer, sqlStateOf } from './postgres-errors.ts';

export interface PostgresWaits {
  /** For a connection, and for a lock that another process holds. */
  readonly lockWaitMs: number;
  /** For all that is done with one connection before it goes back: a statement, or a transaction. */
  readonly patienceMs: number;
}

/** Writers wait for each other anyway, and every process that uses the ledger has as many. */
const CONNECTIONS = 4;

/** The server gives up first, so that the error can say what it waited for. */
const LOCK_SHARE = 0.8;

/** Every integer is a bigint; sums of integers arrive as numeric. */
function integerTypes(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, BigInt);
  overrides.setTypeParser(types.builtins.NUMERIC, BigInt);
  return overrides;
}

/** Connections to one database. Whatever the server and the network do, nobody waits for them longer than agreed. */
export class BoundedPool implements PostgresPool {
  readonly #pool: Pool;
  readonly #patienceMs: number;
  readonly #sockets = new Set<Socket>();

  constructor(url: string, { lockWaitMs, patienceMs }: PostgresWaits) {
    this.#patienceMs = patienceMs;
    this.#pool = new Pool({
      connectionString: url,
      fallback_application_name: 'pollux',
      max: CONNECTIONS,
      connectionTimeoutMillis: lockWaitMs,
      lock_timeout: Math.ceil(lockWaitMs * LOCK_SHARE),
      statement_timeout: patienceMs,
      // A process that is stopped in the middle of a transaction keeps the lock from the others no longer than this.
      idle_in_transaction_session_timeout: lockWaitMs,
      keepAlive: true,
      types: integerTypes(),
      stream: () => this.#openSocket(),
    });
    // A connection that breaks while nobody waits for an answer would end the process. The pool has replaced it by then.
    this.#pool.on('error', ignore);
    this.#pool.on('connect', (client) => client.on('error', ignore));
  }

  async connect(): Promise<PostgresPoolClient> {
    const deadlineMs = performance.now() + this.#patienceMs;
    try {
      return new Lease(await this.#pool.connect(), deadlineMs);
    } catch (error) {
      if (sqlStateOf(error) !== undefined) throw error;
      throw noAnswer(`its server cannot be reached (${describe(error)})`, error);
    }
  }

  /** Lets what is under way come to its end, which every lease has. A server that does not even say goodbye is left. */
  async end(): Promise<void> {
    await this.#pool.end();
    for (const socket of this.#sockets) socket.destroy();
  }

  #openSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket.once('close', () => this.#sockets.delete(socket));
  }
}

function ignore(): void {
  return;
}

/** One connection for one statement or transaction. */
class Lease implements PostgresPoolClient {
  readonly #client: PoolClient;
  /** The same, by the part of it that Kysely declares. */
  readonly #statements: PostgresPoolClient;
  readonly #deadlineMs: number;
  #trouble: Error | undefined;
  #hasFailed = false;

  constructor(client: PoolClient, deadlineMs: number) {
    this.#client = client;
    this.#statements = client;
    this.#deadlineMs = deadlineMs;
  }

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== 'string') return this.#statements.query(statement);
    return this.#ask(statement, parameters);
  }

  /**
   * A connection that is in the middle of something never goes back to the others. Right after an error its status is
   * not known: the server tells it with the next message.
   */
  release(): void {
    const isIdle = !this.#hasFailed && this.#client.getTransactionStatus() === 'I';
    this.#client.release(!isIdle);
  }

  async #ask<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    if (this.#trouble !== undefined) throw this.#trouble;
    try {
      const answering = this.#statements.query<R>(text, parameters);
      const answer = await within(this.#deadlineMs - performance.now(), answering);
      this.#hasFailed = false;
      return answer;
    } catch (error) {
      this.#hasFailed = true;
      if (sqlStateOf(error) !== undefined) throw error;
      this.#trouble = noAnswer(`${lost(text)} (${describe(error)})`, error);
      throw this.#trouble;
    }
  }
}

/** A commit that was not answered may have taken place: the same call again finds what it wrote, or writes it. */
function lost(text: string): string {
  return text === 'commit'
    ? 'its server did not answer a commit, which may have taken place'
    : 'its server did not answer';
}

async function within<Result>(timeLeftMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer in time'));
    }, timeLeftMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Code of a system error, else the message of the client library: neither holds the password. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'message' in error && typeof error.message === 'string' ? error.message : 'unknown';
}
