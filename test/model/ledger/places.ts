import type { Admission, JobRecord, OpenJobRequest } from '../../../src/core/ledger.ts';
import type { Rank } from '../../../src/core/places.ts';
import { waitsUntilMs } from '../../../src/core/places.ts';
import type { Book } from './book.ts';

const HEIGHT: Readonly<Record<Rank, number>> = { batch: 0, interactive: 1 };

/** `full` where the account has no place for the job beside those that are kept for others. */
export function lackOfPlace(
  book: Book,
  job: JobRecord,
  { adopt, places, rank = 'interactive', typicalSeconds, at }: OpenJobRequest,
): Admission | undefined {
  if (adopt !== undefined) return undefined;
  const open = book
    .allSubmissions()
    .filter(
      (row) => row.account === job.account && row.endedAt === null && row.jobId !== job.jobId,
    );
  const openOf = (tenant: string | null): number =>
    open.filter(({ jobId }) => book.requireJob(jobId).tenant === tenant).length;
  const others = [...book.waiters.values()].filter(
    (one) => one.account === job.account && one.until >= at && one.jobId !== job.jobId,
  );
  const higher = others.filter((one) => HEIGHT[one.rank] > HEIGHT[rank]).length;
  const same = others.filter((one) => one.rank === rank);
  const own = openOf(job.tenant);
  const waitingOf = new Map<string | null, number>();
  for (const { tenant } of same) waitingOf.set(tenant, (waitingOf.get(tenant) ?? 0) + 1);
  waitingOf.delete(job.tenant);
  const rivals = [...waitingOf].map(([tenant, waiting]) => ({ open: openOf(tenant), waiting }));
  const taken = open.length;
  const preferred = rivals
    .filter((rival) => rival.open < own)
    .reduce((sum, { waiting }) => sum + waiting, higher);
  if (places - taken > preferred) return undefined;

  const since = book.waiters.get(job.jobId)?.since ?? at;
  const before = same.filter((one) => one.tenant === job.tenant && one.since < since).length;
  const ahead = rivals.reduce(
    (sum, rival) => sum + Math.min(rival.waiting, Math.max(0, own + before - rival.open)),
    higher + before,
  );
  const untilMs = waitsUntilMs(Date.parse(at), { ahead, places, typicalSeconds });
  const { jobId, account, tenant } = job;
  const until = new Date(untilMs).toISOString();
  book.waiters.set(jobId, { jobId, account, tenant, rank, since, until });
  return { kind: 'full', taken, ahead };
}
