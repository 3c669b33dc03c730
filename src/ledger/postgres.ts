import type {
  DatabaseConnection,
  Kysely,
  PostgresDialectConfig,
  QueryExecutorProvider,
  TransactionSettings,
} from 'kysely';
import { CompiledQuery, PostgresAdapter, PostgresDialect, PostgresDriver, sql } from 'kysely';

import type { GuardedTable, LedgerDialect } from './dialect.ts';
import { postgresErrors } from './postgres-errors.ts';
import type { PostgresWaits } from './postgres-pool.ts';
import { BoundedPool } from './postgres-pool.ts';

/** Prepares connections to the database that a URL names; none is made before the first statement. */
export function openPostgres(url: string, waits: PostgresWaits): LedgerDialect {
  return {
    kysely: new LockingDialect({ pool: new BoundedPool(url, waits) }),
    // The database's own collation may ignore punctuation, and changes with the system's libraries.
    text: sql`text collate "C"`,
    makeAppendOnly,
    refuseReplacing,
    findDamage,
    ...postgresErrors,
  };
}

class LockingDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): PostgresDriver {
    return new LockingDriver(this.#config);
  }

  override createAdapter(): PostgresAdapter {
    return new UnlockedAdapter();
  }
}

/** The migrator's own lock waits an hour. Its transaction takes the write lock, which keeps other processes out. */
class UnlockedAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {
    return Promise.resolve();
  }

  override async releaseMigrationLock(): Promise<void> {
    return Promise.resolve();
  }
}

/** Advisory locks are numbers that programs agree on, within one database: this one is for writing the ledger. */
export const WRITE_LOCK = 7_655_889_120_118_641_957n;

/**
 * The lock comes first, so that no row is read before the writer ahead has committed. The isolation level is named
 * because under a stricter default the transaction would see the book as it was before it waited.
 */
const BEGIN = `begin isolation level read committed; select pg_advisory_xact_lock(${WRITE_LOCK.toString()})`;

/** A reader keeps the write lock from nobody, so it may stand still while what it has read is put elsewhere. */
const BEGIN_READING =
  'begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = 0';

class LockingDriver extends PostgresDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? BEGIN_READING : BEGIN;
    await connection.executeQuery(CompiledQuery.raw(begin));
  }
}

const REFUSAL = `begin
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end`;

/** The trigger fires for every statement, also where the session is set up as a replica. */
async function makeAppendOnly(database: Kysely<unknown>, table: string): Promise<void> {
  const guard = sql.id(guardOf(table));
  await sql`create function ${guard}() returns trigger language plpgsql as ${sql.lit(REFUSAL)}`.execute(
    database,
  );
  await sql`create trigger ${guard} before update or delete or truncate on ${sql.table(table)}
    for each statement execute function ${guard}()`.execute(database);
  await sql`alter table ${sql.table(table)} enable always trigger ${guard}`.execute(database);
}

/** No insertion removes a row here: one that updates instead fires the guard against changes. */
async function refuseReplacing(): Promise<void> {
  return Promise.resolve();
}

function guardOf(table: string): string {
  return `${table}_refuse_change`;
}

async function findDamage(
  database: QueryExecutorProvider,
  appendOnly: readonly GuardedTable[],
): Promise<readonly string[]> {
  const damage = [...(await findUnsafeSettings(database)), ...(await findBadPages(database))];
  for (const { table } of appendOnly) {
    if (!(await isGuarded(database, table))) {
      damage.push(`${table}: the trigger that refuses changes is gone, switched off or changed`);
    }
  }
  return damage;
}

/** Settings under which the ledger cannot be written, or loses what it has acknowledged. */
const UNSAFE_SETTINGS: Readonly<Record<string, string>> = {
  'fsync=off': 'a power cut can damage the database',
  'full_page_writes=off': 'a power cut can damage the database',
  'synchronous_commit=off': 'a power cut can lose what was committed last',
  'in_hot_standby=on': 'the server is a standby and takes no writes',
  'default_transaction_read_only=on': 'the database takes no writes',
};

async function findUnsafeSettings(database: QueryExecutorProvider): Promise<readonly string[]> {
  const { rows } = await sql<{ setting: string }>`
    select name || '=' || setting as setting from pg_settings order by name`.execute(database);
  return rows.flatMap(({ setting }) => {
    const consequence = UNSAFE_SETTINGS[setting];
    return consequence === undefined ? [] : [`${setting}: ${consequence}`];
  });
}

/** Only a database with checksums counts them; another tells nothing. */
async function findBadPages(database: QueryExecutorProvider): Promise<readonly string[]> {
  const { rows } = await sql<{ failures: bigint }>`
    select checksum_failures as failures from pg_stat_database
    where datname = current_database() and checksum_failures > 0`.execute(database);
  return rows.map(({ failures }) => `${failures.toString()} damaged pages were read`);
}

/** `A`: enabled always. 58: before each update, delete and truncate statement. */
async function isGuarded(database: QueryExecutorProvider, table: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_trigger join pg_proc on pg_proc.oid = pg_trigger.tgfoid
    where tgrelid = to_regclass(${table}) and tgname = ${guardOf(table)} and not tgisinternal
      and tgenabled = 'A' and tgtype = 58 and tgqual is null and prosrc = ${REFUSAL}`.execute(
    database,
  );
  return rows.length === 1;
}
