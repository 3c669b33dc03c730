import type { Admission, OpenJobRequest } from '../core/ledger.ts';
import { waitsUntilMs } from '../core/places.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';
import type { JobRow } from './tables.ts';
import type { Asker, Line } from './waiters.ts';
import {
  countAhead,
  countBefore,
  countPreferred,
  readLine,
  readSince,
  writeWaiter,
} from './waiters.ts';

/**
 * `full` where the account has no place for the job, or none beside those kept for others that wait. The job is then
 * written as one that waits. An adopted task needs no place: it runs already.
 */
export async function findLackOfPlace(
  transaction: LedgerTransaction,
  job: JobRow,
  request: OpenJobRequest,
): Promise<Extract<Admission, { kind: 'full' }> | undefined> {
  const { adopt, places, rank = 'interactive', at } = request;
  if (adopt !== undefined) return undefined;
  const asker = { jobId: job.job_id, account: job.account, tenant: job.tenant ?? '', rank };
  const row = await countOpen(transaction, job.account)
    .where('job_id', '!=', job.job_id)
    .executeTakeFirstOrThrow();
  const taken = Number(row.taken);
  const line = await readLine(transaction, asker, at);
  if (places - taken > countPreferred(line)) return undefined;
  return { kind: 'full', taken, ahead: await wait(transaction, asker, line, request) };
}

/** Writes that the job waits, and returns how many go before it. */
async function wait(
  transaction: LedgerTransaction,
  asker: Asker,
  line: Line,
  { places, typicalSeconds, at }: OpenJobRequest,
): Promise<number> {
  const since = await readSince(transaction, asker.jobId, at);
  const ahead = countAhead(line, await countBefore(transaction, asker, since, at));
  const untilMs = waitsUntilMs(Date.parse(at), { ahead, places, typicalSeconds });
  await writeWaiter(transaction, asker, since, untilMs, at);
  return ahead;
}

export async function countPlacesTaken(database: LedgerDatabase, account: string): Promise<number> {
  return Number((await countOpen(database, account).executeTakeFirstOrThrow()).taken);
}

function countOpen(database: LedgerDatabase, account: string) {
  return database
    .selectFrom('submissions')
    .select((expression) => expression.fn.countAll<bigint>().as('taken'))
    .where('account', '=', account)
    .where('ended_at', 'is', null);
}
