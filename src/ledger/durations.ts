import { sql } from 'kysely';

import type { DurationBook, DurationKey, ObservedDuration } from '../core/durations.ts';
import type { SubmissionKey } from './rows.ts';
import { toKey } from './rows.ts';
import type { LedgerDatabase, LedgerTransaction, Session } from './session.ts';

/** How many of one variant are kept: enough to know it by, few enough to be read at once. */
const KEPT = 500;

/** The ledger's members for how long tasks took. */
export function createDurationBook({ read, write }: Session): DurationBook {
  return {
    recordDuration: (submission, key, observed, at) =>
      write((transaction) => recordDuration(transaction, toKey(submission), key, observed, at)),
    durations: (filter, limit) => read((database) => readDurations(database, filter, limit)),
  };
}

async function recordDuration(
  transaction: LedgerTransaction,
  { jobId, number }: SubmissionKey,
  { account, model, variant }: DurationKey,
  { unfinishedSeconds, finishedSeconds }: ObservedDuration,
  at: string,
): Promise<void> {
  await transaction
    .insertInto('durations')
    .values({
      job_id: jobId,
      number,
      account,
      model,
      variant,
      unfinished_ms: toMilliseconds(unfinishedSeconds),
      finished_ms: toMilliseconds(finishedSeconds),
      at,
    })
    .onConflict((conflict) => conflict.columns(['job_id', 'number']).doNothing())
    .execute();
  await prune(transaction, { account, model, variant });
}

/** Removes what comes after the newest of a variant: one row for each that was written before. */
async function prune(
  transaction: LedgerTransaction,
  { account, model, variant }: DurationKey,
): Promise<void> {
  const same = sql`account = ${account} and model = ${model} and variant = ${variant}`;
  await sql`
    delete from durations where ${same} and ("at", job_id, number) < (
      select "at", job_id, number from durations where ${same}
      order by "at" desc, job_id desc, number desc limit 1 offset ${BigInt(KEPT - 1)})`.execute(
    transaction,
  );
}

async function readDurations(
  database: LedgerDatabase,
  { account, model, variant }: Parameters<DurationBook['durations']>[0],
  limit: number,
): Promise<readonly ObservedDuration[]> {
  let query = database
    .selectFrom('durations')
    .select(['unfinished_ms', 'finished_ms'])
    .where('account', '=', account)
    .where('model', '=', model)
    .orderBy('at', 'desc')
    .orderBy('job_id', 'desc')
    .orderBy('number', 'desc')
    .limit(BigInt(limit));
  if (variant !== undefined) query = query.where('variant', '=', variant);
  const rows = await query.execute();
  return rows.map((row) => ({
    unfinishedSeconds: Number(row.unfinished_ms) / 1000,
    finishedSeconds: Number(row.finished_ms) / 1000,
  }));
}

function toMilliseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1000));
}
