import { toLedgerPlace } from './location.ts';
import type { LedgerDatabase } from './session.ts';
import { openSession } from './session.ts';
import { findDatabase } from './sql.ts';

/** Kysely's own table of what has been run. */
const MIGRATIONS = 'kysely_migration';

type MigratorTables = Record<typeof MIGRATIONS, { name: string }>;

/**
 * The last migration that was run on a ledger, which is not changed; `null` for one without tables. An SQLite file that
 * is not there is made. `ledger.unavailable`, `config.invalid`.
 */
export async function readAppliedSchema(url: string, lockWaitMs: number): Promise<string | null> {
  const database = await findDatabase(toLedgerPlace(url), lockWaitMs);
  const session = await openSession({ lockWaitMs, prepare: async () => undefined, ...database });
  try {
    return await session.read(readLastMigration);
  } finally {
    await session.close();
  }
}

async function readLastMigration(database: LedgerDatabase): Promise<string | null> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === MIGRATIONS)) return null;
  const last = await database
    .withTables<MigratorTables>()
    .selectFrom(MIGRATIONS)
    .select('name')
    .orderBy('name', 'desc')
    .executeTakeFirst();
  return last?.name ?? null;
}
