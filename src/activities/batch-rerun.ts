import { createHash } from 'node:crypto';
import type { BatchRerun } from '../core/batch.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import type { JobRerun, JobResult } from '../core/job.ts';

/** Ends of a job that has bought its task and lacks its files. */
const LACKS_FILES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'provider.output_expired',
  'provider.output_invalid',
  'provider.output_forbidden',
  'storage.unavailable',
  'storage.full',
  'storage.missing',
  'storage.corrupt',
]);

/** The decision by which one job is run again; `undefined` where its end is not in scope. The same each time it is asked for. */
export function toJobRerun(rerun: BatchRerun, result: JobResult): JobRerun | undefined {
  if (!isInScope(rerun, result)) return undefined;
  const { author, reason, scope } = rerun;
  const id = createHash('sha256').update(`${rerun.id}/${result.jobId}`).digest('hex').slice(0, 32);
  return { id, author, reason, from: scope === 'downloads' ? 'store' : 'submit' };
}

function isInScope({ scope }: BatchRerun, result: JobResult): boolean {
  switch (scope) {
    case 'failed':
      return result.status === 'failed' && isUnbilled(result);
    case 'downloads':
      return lacksFiles(result);
    case 'expired':
      return result.status === 'expired';
  }
}

/** Proved to cost nothing. Without a price nothing is booked: then only a job that has no task is sure to be free. */
function isUnbilled({ cost, taskId, error }: JobResult): boolean {
  if (cost !== null) return cost.state === 'released';
  return taskId === null && error?.code !== 'provider.submit_unknown';
}

function lacksFiles({ status, taskId, cost, error }: JobResult): boolean {
  const isOver = status === 'failed' || status === 'expired';
  const isPaid = cost === null || cost.state === 'charged' || cost.state === 'estimated';
  return isOver && isPaid && taskId !== null && error !== null && LACKS_FILES.has(error.code);
}
