import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestInstallation } from '../../installation/installation.ts';
import { lockLedger } from '../../installation/ledger-lock.ts';
import type { PostgresServer } from '../../installation/postgres.ts';
import { startPostgres } from '../../installation/postgres.ts';
import { until } from '../../installation/until.ts';

/** What is away from a moment on, until somebody brings it back. */
export interface Outage {
  readonly ledgerUrl?: string;
  begin(installation: TestInstallation): Promise<void>;
  /** Lasts as long as the outage must, then ends it. */
  end(installation: TestInstallation): Promise<void>;
  close(): Promise<void>;
}

const SERVER_AWAY_MS = 3_000;
const SPOOLED_TIMEOUT_MS = 30_000;

const nothing = (): Promise<void> => Promise.resolve();

export function noOutage(): Outage {
  return { begin: nothing, end: nothing, close: nothing };
}

/** SIGKILL for the Temporal server, which comes back on its database file. */
export function serverKilled(): Outage {
  return {
    begin: (installation) => installation.killServer(),
    end: async (installation) => {
      await delay(SERVER_AWAY_MS);
      await installation.startServer();
    },
    close: nothing,
  };
}

/** Another program holds the write lock until `outcomes` have found their way into the spool. */
export function ledgerLocked(outcomes: number): Outage {
  let unlock = (): void => undefined;
  return {
    begin: async ({ directory }) => {
      unlock = await lockLedger(join(directory, 'ledger.db'));
    },
    end: async (installation) => {
      await untilSpooled(installation, outcomes);
      unlock();
    },
    close: async () => unlock(),
  };
}

/** PostgreSQL is stopped as a crash would, until `outcomes` have found their way into the spool. */
export async function postgresStopped(outcomes: number): Promise<Outage> {
  const server: PostgresServer = await startPostgres();
  return {
    ledgerUrl: await server.createDatabase(),
    begin: () => server.stop('immediate'),
    end: async (installation) => {
      await untilSpooled(installation, outcomes);
      await server.start();
    },
    close: () => server.close(),
  };
}

async function untilSpooled({ directory }: TestInstallation, outcomes: number): Promise<void> {
  const count = async (): Promise<boolean> => {
    const names = await readdir(join(directory, 'spool'));
    return names.filter((name) => name.endsWith('.json')).length >= outcomes;
  };
  await until(`${outcomes} records in the spool`, count, SPOOLED_TIMEOUT_MS);
}
