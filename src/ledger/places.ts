import type { Admission, OpenJobRequest } from '../core/ledger.ts';
import type { LedgerDatabase, LedgerTransaction } from './session.ts';

/** `full` where the account's other jobs have all its places. An adopted task needs none: it runs already. */
export async function findLackOfPlace(
  transaction: LedgerTransaction,
  request: OpenJobRequest,
): Promise<Extract<Admission, { kind: 'full' }> | undefined> {
  if (request.adopt !== undefined) return undefined;
  const { taken } = await countOpen(transaction, request.account)
    .where('job_id', '!=', request.jobId)
    .executeTakeFirstOrThrow();
  return taken >= BigInt(request.places) ? { kind: 'full', taken: Number(taken) } : undefined;
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
