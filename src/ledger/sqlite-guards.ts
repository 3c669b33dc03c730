import type { Kysely, QueryExecutorProvider, RawBuilder } from 'kysely';
import { sql } from 'kysely';

import type { GuardedTable } from './dialect.ts';
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

/** `insert or replace` removes the row in its way without a delete that would fire a trigger. */
export async function refuseReplacing(
  database: Kysely<unknown>,
  guarded: GuardedTable,
): Promise<void> {
  await toReplaceGuard(guarded).execute(database);
}

/** Released, to the space, as the others are. */
function toReplaceGuard({ table, key }: GuardedTable): RawBuilder<unknown> {
  const same = key.map((column) => sql`${sql.id(column)} = new.${sql.id(column)}`);
  return sql`create trigger ${sql.id(`${table}_refuse_replace`)} before insert
      on ${sql.table(table)} when exists (select 1 from ${sql.table(table)} where ${sql.join(same, sql` and `)})
      begin select raise(abort, ${sql.lit(`${table} are append-only`)}); end`;
}

/** Damaged pages, and guards that are gone or refuse nothing. A file that cannot be examined is a finding, too. */
export async function findDamage(
  database: QueryExecutorProvider,
  appendOnly: readonly GuardedTable[],
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
  appendOnly: readonly GuardedTable[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ text: string }>`
    select lower(sql) as text from sqlite_schema where type = 'trigger'`.execute(database);
  const present = new Set(rows.map(({ text }) => text));
  const isMissing = (guard: RawBuilder<unknown>): boolean =>
    !present.has(guard.compile(database).sql);
  return appendOnly.flatMap((guarded) => {
    const verbs: string[] = VERBS.filter((verb) => isMissing(toGuard(guarded.table, verb)));
    if (isMissing(toReplaceGuard(guarded))) verbs.push('replace');
    return verbs.map(
      (verb) => `${guarded.table}: the trigger that refuses to ${verb} a row is gone or changed`,
    );
  });
}
