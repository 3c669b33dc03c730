import type { Migration } from 'kysely';
import { Migrator } from 'kysely';

import { ConfigError } from '../core/errors.ts';
import type { LedgerDialect } from './dialect.ts';
import { createTables } from './migrations/0001-initial.ts';
import { addInputsAndSources } from './migrations/0002-inputs-and-sources.ts';
import { addMoneyBook } from './migrations/0003-money.ts';
import { addWaitingAndBatches } from './migrations/0004-waiting-and-batches.ts';
import type { LedgerDatabase } from './session.ts';

/** Name of the last migration: what an export says of its tables. */
export const SCHEMA = '0004-waiting-and-batches';

/** Every migration by name, oldest first. Forward only: none has a way down. */
function listMigrations(dialect: LedgerDialect): Record<string, Migration> {
  return {
    '0001-initial': { up: (database) => createTables(database, dialect) },
    '0002-inputs-and-sources': { up: (database) => addInputsAndSources(database, dialect) },
    '0003-money': { up: (database) => addMoneyBook(database, dialect) },
    [SCHEMA]: { up: (database) => addWaitingAndBatches(database, dialect) },
  };
}

/** Where Kysely's migrator keeps the names of what it has run. */
type MigratorTables = Record<'kysely_migration', { name: string }>;

/**
 * Brings the tables to this release in one transaction. Run twice, or by two processes at once, it changes nothing
 * the second time. Throws `config.invalid` where a later release has been here before.
 */
export async function migrate(database: LedgerDatabase, dialect: LedgerDialect): Promise<void> {
  const migrations = listMigrations(dialect);
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // Only the database's own trouble is a result code; anything else is the migrator's refusal.
  if (dialect.toLedgerError(error) === undefined) {
    await refuseLaterRelease(database, new Set(Object.keys(migrations)));
  }
  throw isError(error) ? error : new Error('a migration failed', { cause: error });
}

async function refuseLaterRelease(
  database: LedgerDatabase,
  known: ReadonlySet<string>,
): Promise<void> {
  const applied = await database
    .withTables<MigratorTables>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  const unknown = applied.find(({ name }) => !known.has(name));
  if (unknown === undefined) return;
  throw new ConfigError(
    'config.invalid',
    `ledger.url: a later release of Pollux has changed this ledger (migration ${unknown.name}); ` +
      'run that release or a later one',
    { details: { migration: unknown.name } },
  );
}

function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value;
}
