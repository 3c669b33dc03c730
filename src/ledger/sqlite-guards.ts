import type { Kysely, QueryExecutorProvider, RawBuilder } from 'kysely';
import { sql } from 'kysely';

import { isDamage } from './sqlite-errors.ts';

const REFUSED = { update: sql`update`, delete: sql`delete` } as const;

type Verb = keyof typeof REFUSED;

const VERBS: readonly Verb[] = ['update', 'delete'];

export async function makeAppendOnly(database: Kysely<unknown>, table: string): Promise<void> {
  for (const verb of VERBS) await toGuard(table, verb).execute(database);
}

/** The statement that makes the trigger. Released, to the space: a ledger keeps its text, and is checked against it. */
function toGuard(table: string, verb: Verb): RawBuilder<unknown> {
  return sql`create trigger ${sql.id(`${table}_refuse_${verb}`)} before ${REFUSED[verb]}
      on ${sql.table(table)} begin select raise(abort, ${sql.lit(`${table} are append-only`)}); end`;
}

/** Damaged pages, and guards that are gone or refuse nothing. A file that cannot be examined is a finding, too. */
export async function findDamage(
  database: QueryExecutorProvider,
  appendOnly: readonly string[],
): Promise<readonly string[]> {
  try {
    const pages = await findDamagedPages(database);
    return [...pages, ...(await findMissingGuards(database, appendOnly))];
  } catch (error) {
    if (!isDamage(error)) throw error;
    return ['the file is damaged'];
  }
}

async function findDamagedPages(database: QueryExecutorProvider): Promise<readonly string[]> {
  const { rows } = await sql<{ text: string }>`
    select integrity_check as text from pragma_integrity_check`.execute(database);
  return rows.flatMap(({ text }) => text.split('\n')).filter((line) => line !== 'ok');
}

async function findMissingGuards(
  database: QueryExecutorProvider,
  appendOnly: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ text: string }>`
    select lower(sql) as text from sqlite_schema where type = 'trigger'`.execute(database);
  const present = new Set(rows.map(({ text }) => text));
  return appendOnly.flatMap((table) =>
    VERBS.filter((verb) => !present.has(toGuard(table, verb).compile(database).sql)).map(
      (verb) => `${table}: the trigger that refuses to ${verb} a row is gone or changed`,
    ),
  );
}
