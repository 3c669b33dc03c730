import { toIsoTime } from '../core/clock.ts';
import type { JobResult } from '../core/job.ts';
import type { ActivityPorts } from './ports.ts';

export interface CloseJobStep {
  readonly result: JobResult;
}

/**
 * Writes the job's end and result to the ledger and ends what is still open of it.
 * Run twice: the result that was written first stands and is returned. Throws `ledger.unavailable`.
 */
export async function closeJob(ports: ActivityPorts, step: CloseJobStep): Promise<JobResult> {
  return await ports.ledger.closeJob(step.result.jobId, step.result, toIsoTime(ports.clock()));
}
