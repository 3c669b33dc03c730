import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';

import type { Rank } from '../core/places.ts';
import type { LedgerTransaction } from './session.ts';
import type { Tables } from './tables.ts';

/** Who asks for a place. */
export interface Asker {
  readonly jobId: string;
  readonly account: string;
  /** Empty for jobs without one: together they count as one tenant. */
  readonly tenant: string;
  readonly rank: Rank;
}

/** Long after it last counted; until then it keeps its turn where it comes back. */
const PURGED_AFTER_MS = 3_600_000;

/** The ranks that go before a rank. */
const BEFORE: Readonly<Record<Rank, readonly Rank[]>> = {
  interactive: [],
  batch: ['interactive'],
};

/** Since when the job waits: where it is new, since now. */
export async function readSince(
  transaction: LedgerTransaction,
  jobId: string,
  at: string,
): Promise<string> {
  const row = await transaction
    .selectFrom('waiters')
    .select('since')
    .where('job_id', '=', jobId)
    .executeTakeFirst();
  return row?.since ?? at;
}

/** Keeps since when it waits. Removes those that have been gone for long. */
export async function writeWaiter(
  transaction: LedgerTransaction,
  { jobId, account, tenant, rank }: Asker,
  since: string,
  untilMs: number,
  at: string,
): Promise<void> {
  const until = new Date(untilMs).toISOString();
  await transaction
    .insertInto('waiters')
    .values({ job_id: jobId, account, rank, tenant, since, until })
    .onConflict((conflict) => conflict.column('job_id').doUpdateSet({ rank, until }))
    .execute();
  const purgedBefore = new Date(Date.parse(at) - PURGED_AFTER_MS).toISOString();
  await transaction.deleteFrom('waiters').where('until', '<', purgedBefore).execute();
}

/** The job waits no longer. Run twice: it is gone. */
export async function removeWaiter(transaction: LedgerTransaction, jobId: string): Promise<void> {
  await transaction.deleteFrom('waiters').where('job_id', '=', jobId).execute();
}

/** What waits in an account beside the job that asks, of its rank or a higher one. */
export interface Line {
  /** Waiters of a higher rank. */
  readonly higher: number;
  /** Submissions of the asker's tenant that are open. */
  readonly open: number;
  /** The other tenants of which jobs of the asker's rank wait. */
  readonly rivals: readonly Rival[];
}

interface Rival {
  readonly waiting: number;
  readonly open: number;
}

/** Counts by tenant, and so reads no more of open submissions than there are places. */
export async function readLine(
  transaction: LedgerTransaction,
  asker: Asker,
  at: string,
): Promise<Line> {
  const groups = await transaction
    .selectFrom('waiters')
    .select(({ fn }) => ['rank', 'tenant', fn.countAll<bigint>().as('waiting')])
    .where((expression) => waitsBeside(expression, asker, at))
    .where('rank', 'in', [asker.rank, ...BEFORE[asker.rank]])
    .groupBy(['rank', 'tenant'])
    .execute();
  const higher = groups
    .filter(({ rank }) => rank !== asker.rank)
    .reduce((sum, { waiting }) => sum + Number(waiting), 0);
  const others = groups.filter(
    ({ rank, tenant }) => rank === asker.rank && tenant !== asker.tenant,
  );
  if (others.length === 0) return { higher, open: 0, rivals: [] };
  const open = await countOpenByTenant(transaction, asker);
  const openOf = (tenant: string): number => Number(open.get(tenant) ?? 0n);
  return {
    higher,
    open: openOf(asker.tenant),
    rivals: others.map(({ tenant, waiting }) => ({
      waiting: Number(waiting),
      open: openOf(tenant),
    })),
  };
}

/**
 * How many the free places are kept for: the waiters of a higher rank, and those whose tenant has fewer submissions
 * open than the asker's.
 */
export function countPreferred({ higher, open, rivals }: Line): number {
  return rivals
    .filter((rival) => rival.open < open)
    .reduce((sum, { waiting }) => sum + waiting, higher);
}

/**
 * How many go before the asker, which has `before` jobs of its own rank and tenant before it: tenants take turns, those
 * with fewer submissions open first. Whoever the places are kept for is first here, too, and so asks soon.
 */
export function countAhead({ higher, open, rivals }: Line, before: number): number {
  const turn = open + before;
  return rivals.reduce(
    (sum, rival) => sum + Math.min(rival.waiting, Math.max(0, turn - rival.open)),
    higher + before,
  );
}

/** How many others of the same rank and tenant have waited for longer. */
export async function countBefore(
  transaction: LedgerTransaction,
  asker: Asker,
  since: string,
  at: string,
): Promise<number> {
  const { before } = await transaction
    .selectFrom('waiters')
    .select(({ fn }) => fn.countAll<bigint>().as('before'))
    .where((expression) => waitsBeside(expression, asker, at))
    .where('rank', '=', asker.rank)
    .where('tenant', '=', asker.tenant)
    .where('since', '<', since)
    .executeTakeFirstOrThrow();
  return Number(before);
}

async function countOpenByTenant(
  transaction: LedgerTransaction,
  { account, jobId }: Asker,
): Promise<ReadonlyMap<string, bigint>> {
  const rows = await transaction
    .selectFrom('submissions')
    .innerJoin('jobs', 'jobs.job_id', 'submissions.job_id')
    .select(({ fn }) => ['jobs.tenant', fn.countAll<bigint>().as('open')])
    .where('submissions.account', '=', account)
    .where('submissions.ended_at', 'is', null)
    .where('submissions.job_id', '!=', jobId)
    .groupBy('jobs.tenant')
    .execute();
  return new Map(rows.map(({ tenant, open }) => [tenant ?? '', open]));
}

/** A job that died while it waited is not waited for: it has not asked again in time. */
function waitsBeside(
  expression: ExpressionBuilder<Tables, 'waiters'>,
  { account, jobId }: Asker,
  at: string,
): Expression<SqlBool> {
  return expression.and([
    expression('account', '=', account),
    expression('until', '>=', at),
    expression('job_id', '!=', jobId),
  ]);
}
