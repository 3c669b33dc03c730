import type { SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';

import type { BookedEntry, MoneyFilter } from '../core/money-book.ts';
import { toEntryRecord } from './rows.ts';
import type { LedgerDatabase } from './session.ts';
import type { EntryRow, Tables } from './tables.ts';

const ENTRIES_PER_PAGE = 500n;

interface BookedRow extends EntryRow {
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly model: string;
  readonly task_id: string | null;
}

/** Oldest first, a page at a time. */
export async function* readBookedEntries(
  database: LedgerDatabase,
  filter: MoneyFilter,
): AsyncGenerator<BookedEntry, void> {
  let last: BookedRow | undefined;
  do {
    const page = await selectPage(database, filter, last).execute();
    for (const row of page) yield toBookedEntry(row);
    last = page.at(-1);
  } while (last !== undefined);
}

function selectPage(database: LedgerDatabase, filter: MoneyFilter, last: BookedRow | undefined) {
  let query = database
    .selectFrom('entries')
    .innerJoin('submissions', (join) =>
      join
        .onRef('submissions.job_id', '=', 'entries.job_id')
        .onRef('submissions.number', '=', 'entries.number'),
    )
    .innerJoin('jobs', 'jobs.job_id', 'entries.job_id')
    .selectAll('entries')
    .select(['jobs.tenant', 'jobs.batch'])
    .select(['submissions.account', 'submissions.model', 'submissions.task_id'])
    .orderBy('entries.at')
    .orderBy('entries.job_id')
    .orderBy('entries.number')
    .orderBy('entries.kind')
    .orderBy('entries.sequence')
    .limit(ENTRIES_PER_PAGE);
  if (last !== undefined) query = query.where(comesAfter(last));
  return applyFilter(query, filter);
}

function comesAfter({ at, job_id: jobId, number, kind, sequence }: BookedRow) {
  return sql<boolean>`(entries."at", entries.job_id, entries.number, entries.kind, entries.sequence)
    > (${at}, ${jobId}, ${number}, ${kind}, ${sequence})`;
}

type Joined = Pick<Tables, 'entries' | 'submissions' | 'jobs'>;

function applyFilter<Output>(
  selection: SelectQueryBuilder<Joined, keyof Joined, Output>,
  { from, before, tenant, batch, account, model, currency }: MoneyFilter,
): SelectQueryBuilder<Joined, keyof Joined, Output> {
  let query = selection;
  if (from !== undefined) query = query.where('entries.at', '>=', from);
  if (before !== undefined) query = query.where('entries.at', '<', before);
  if (tenant !== undefined) query = query.where('jobs.tenant', '=', tenant);
  if (batch !== undefined) query = query.where('jobs.batch', '=', batch);
  if (account !== undefined) query = query.where('submissions.account', '=', account);
  if (model !== undefined) query = query.where('submissions.model', '=', model);
  if (currency !== undefined) query = query.where('entries.currency', '=', currency);
  return query;
}

function toBookedEntry(row: BookedRow): BookedEntry {
  const { tenant, batch, account, model, task_id: taskId } = row;
  return { ...toEntryRecord(row), tenant, batch, account, model, taskId };
}
