import { Client } from 'pg';

import type { Ledger } from '../../src/core/ledger.ts';
import { createSqlLedger } from '../../src/ledger/sql.ts';
import type { PostgresServer } from './postgres.ts';
import { startPostgres } from './postgres.ts';
import type { Relay } from './relay.ts';
import { openRelay } from './relay.ts';

/** For tests in which nothing is waited for in vain: no machine is too slow for it. */
const LOCK_WAIT_MS = 20_000;

/** A database for one test file; everything opened through it is closed when it is cleared. */
export class PostgresLedgers {
  readonly server: PostgresServer;
  readonly url: string;
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(server: PostgresServer, url: string) {
    this.server = server;
    this.url = url;
  }

  static async start(): Promise<PostgresLedgers> {
    const server = await startPostgres();
    return new PostgresLedgers(server, await server.createDatabase());
  }

  async open(url: string = this.url, lockWaitMs: number = LOCK_WAIT_MS): Promise<Ledger> {
    const ledger = await createSqlLedger({ url, lockWaitMs });
    this.whenCleared(() => ledger.close());
    return ledger;
  }

  /** Another program with a connection of its own. */
  async connectRaw(): Promise<Client> {
    const client = new Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    this.whenCleared(() => client.end());
    return client;
  }

  /** The same database behind a line that can be cut. */
  async openRelay(): Promise<Relay & { readonly url: string }> {
    const relay = await openRelay(this.server.port);
    this.whenCleared(() => relay.close());
    const url = this.url.replace(`127.0.0.1:${this.server.port}`, relay.address);
    return { ...relay, url };
  }

  /** Runs one statement as another program would. */
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.server.query(this.url, text);
  }

  /** True while a program of this name waits for a lock. */
  async isWaiting(application: string): Promise<boolean> {
    const waiting = await this.query(
      `select 1 from pg_stat_activity
       where application_name = '${application}' and wait_event_type = 'Lock'`,
    );
    return waiting.length > 0;
  }

  whenCleared(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async clear(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    await this.server.clear(this.url);
  }
}
