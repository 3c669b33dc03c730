import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely';

import type {
  EntryRecord,
  JobFilter,
  JobRecord,
  SubmissionFilter,
  SubmissionRecord,
} from '../core/ledger.ts';
import type { Sealer } from '../core/sealer.ts';
import { toEntryRecord, toJobRecord, toSubmissionRecord } from './rows.ts';
import type { LedgerDatabase } from './session.ts';
import type { Tables } from './tables.ts';

export async function readJob(
  database: LedgerDatabase,
  sealer: Sealer,
  jobId: string,
): Promise<JobRecord | undefined> {
  const row = await database
    .selectFrom('jobs')
    .selectAll()
    .where('job_id', '=', jobId)
    .executeTakeFirst();
  return row === undefined ? undefined : toJobRecord(row, sealer);
}

export async function readJobs(
  database: LedgerDatabase,
  sealer: Sealer,
  filter: JobFilter,
): Promise<readonly JobRecord[]> {
  let query = database
    .selectFrom('jobs')
    .selectAll()
    .where((expression) => passesFilter(expression, filter))
    .orderBy('created_at', 'desc')
    .orderBy('job_id', 'desc');
  if (filter.limit !== undefined) query = query.limit(BigInt(filter.limit));
  return (await query.execute()).map((row) => toJobRecord(row, sealer));
}

export async function readSubmissions(
  database: LedgerDatabase,
  sealer: Sealer,
  jobId: string,
): Promise<readonly SubmissionRecord[]> {
  const rows = await database
    .selectFrom('submissions')
    .selectAll()
    .where('job_id', '=', jobId)
    .orderBy('number')
    .execute();
  return rows.map((row) => toSubmissionRecord(row, sealer));
}

/** Oldest first, over all jobs. */
export async function readAllSubmissions(
  database: LedgerDatabase,
  sealer: Sealer,
  { isOpen, states, account }: SubmissionFilter,
): Promise<readonly SubmissionRecord[]> {
  if (states?.length === 0) return [];
  let query = database
    .selectFrom('submissions')
    .selectAll()
    .orderBy('created_at')
    .orderBy('job_id')
    .orderBy('number');
  if (isOpen !== undefined) query = query.where('ended_at', isOpen ? 'is' : 'is not', null);
  if (states !== undefined) query = query.where('state', 'in', states);
  if (account !== undefined) query = query.where('account', '=', account);
  return (await query.execute()).map((row) => toSubmissionRecord(row, sealer));
}

/** In the order in which a submission's entries are written. */
export async function readJobEntries(
  database: LedgerDatabase,
  jobId: string,
): Promise<readonly EntryRecord[]> {
  const rows = await database
    .selectFrom('entries')
    .selectAll()
    .where('job_id', '=', jobId)
    .orderBy('number')
    .orderBy((expression) =>
      expression
        .case()
        .when('kind', '=', 'reserve')
        .then(0n)
        .when('kind', '=', 'unknown')
        .then(1n)
        .when('kind', '=', 'adjust')
        .then(3n)
        .else(2n)
        .end(),
    )
    .orderBy('sequence')
    .execute();
  return rows.map(toEntryRecord);
}

/** The jobs that a filter names, whatever its limit. */
export function passesFilter(
  expression: ExpressionBuilder<Tables, 'jobs'>,
  filter: JobFilter,
): ExpressionWrapper<Tables, 'jobs', SqlBool> {
  const conditions: ExpressionWrapper<Tables, 'jobs', SqlBool>[] = [];
  const { jobIds, account, tenant, batch, status } = filter;
  if (jobIds?.length === 0) conditions.push(expression.and([expression.lit(false)]));
  else if (jobIds !== undefined) conditions.push(expression('jobs.job_id', 'in', jobIds));
  if (account !== undefined) conditions.push(expression('jobs.account', '=', account));
  if (tenant !== undefined) conditions.push(expression('jobs.tenant', '=', tenant));
  if (batch !== undefined) conditions.push(expression('jobs.batch', '=', batch));
  if (status === 'open') conditions.push(expression('jobs.end_status', 'is', null));
  else if (status !== undefined) conditions.push(expression('jobs.end_status', '=', status));
  return expression.and(conditions);
}
