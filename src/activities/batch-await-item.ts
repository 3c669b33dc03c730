import type { ItemRun } from '../core/batch-runs.ts';
import type { ItemResult } from '../core/batch.ts';
import type { ErrorReport } from '../core/errors.ts';
import { toItemJobId } from '../core/keys.ts';
import type { JobRecord } from '../core/ledger.ts';
import { toItemResult } from '../core/item-result.ts';
import type { BatchPorts } from './batch-ports.ts';
import { endOf, nameItem, toNotStarted, withRow } from './batch-results.ts';
import { waitFor } from './wait.ts';

export interface AwaitItemStep {
  readonly batch: string;
  readonly item: string;
  /** Hex SHA-256 of what the job id stands for. */
  readonly requestHash: string;
  /** `<account>/<model>` */
  readonly model: string;
  /** What the job's workflow failed with, where it left no result. */
  readonly report?: ErrorReport;
}

const LOOK_AGAIN_MIN_MS = 1_000;
const LOOK_AGAIN_MAX_MS = 30_000;
const GROWTH = 1.4;

/**
 * The end of a job that this page did not start, or that left no result: asks Temporal and the ledger, and the server to
 * run it again while the job runs, which writes no history.
 *
 * Run twice: both runs return the same end. Throws `ledger.unavailable`, `temporal.unavailable`.
 */
export async function awaitItem(
  ports: BatchPorts,
  step: AwaitItemStep,
  attempt: number,
): Promise<ItemResult> {
  const jobId = toItemJobId(step.batch, step.item);
  // First the workflow: one that runs again may not have told the ledger yet.
  const run = await ports.runs.item(jobId);
  const row = await ports.ledger.job(jobId);
  if (isOther(step, run, row)) return toFailed(ports, step, conflict(jobId));
  if (run.kind === 'running') {
    const delayMs = Math.min(LOOK_AGAIN_MAX_MS, LOOK_AGAIN_MIN_MS * GROWTH ** (attempt - 1));
    throw waitFor('wait.job', `job ${jobId} runs`, delayMs);
  }
  const end = endOf(row, step.item);
  if (end !== undefined) return end;
  if (run.kind === 'closed' && run.result !== undefined) return { item: step.item, ...run.result };
  if (run.kind === 'missing' && row === undefined && step.report === undefined) {
    return toNotStarted(ports, step.batch, step.item, step.model, null);
  }
  const failed = toFailed(ports, step, step.report ?? closedByHand(jobId, run));
  if (row === undefined) return failed;
  const submissions = await ports.ledger.submissions(jobId);
  return withRow(failed, row, submissions.at(-1)?.taskId ?? null);
}

function isOther(step: AwaitItemStep, run: ItemRun, row: JobRecord | undefined): boolean {
  const known = run.kind === 'running' ? run.requestHash : undefined;
  return [known, row?.requestHash].some((hash) => hash !== undefined && hash !== step.requestHash);
}

function toFailed(ports: BatchPorts, step: AwaitItemStep, error: ErrorReport): ItemResult {
  const name = nameItem(ports, step.item, step.model);
  return toItemResult(ports.clock, step.batch, name, 'failed', error);
}

function conflict(jobId: string): ErrorReport {
  return {
    code: 'request.conflict',
    message: `job ${jobId} was started before with another request; give the item another id, or its first request`,
    details: { jobId },
  };
}

function closedByHand(jobId: string, run: ItemRun): ErrorReport {
  const how = run.kind === 'closed' ? run.how : 'deleted';
  return {
    code: 'ledger.conflict',
    message: `the workflow of job ${jobId} was ended from outside (${how}); what it has bought is open in the ledger: the sweep, or the same manifest again, runs the job to its end`,
    details: { workflowStatus: how },
  };
}
