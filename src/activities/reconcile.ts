import { toIsoTime } from '../core/clock.ts';
import type { SubmissionId, SubmissionRecord } from '../core/ledger.ts';
import type { ActivityPorts } from './ports.ts';
import { evidenceOf, outcomeAsRecorded, outcomeOf } from './submission-view.ts';
import type { AcceptedTask, SubmitOutcome } from './submission-view.ts';
import { waitFor } from './wait.ts';

export interface ReconcileStep extends SubmissionId {
  /** What submit's heartbeat left behind when its worker was lost. */
  readonly heartbeat?: AcceptedTask;
}

/**
 * Settles a submission whose outcome did not reach the workflow: the ledger first, then what the heartbeat left behind.
 * Nobody can tell: the outcome is `unknown`, with the evidence for an operator.
 *
 * Waits for the submission's deadline by asking the server to run it again. Sends nothing to the provider.
 * Run twice: both runs return the same outcome.
 */
export async function reconcile(ports: ActivityPorts, step: ReconcileStep): Promise<SubmitOutcome> {
  const now = ports.clock();
  const row = await ports.ledger.settleSubmission(step, toIsoTime(now));
  const isOpen = row.state === 'armed' || row.state === 'unknown';
  if (isOpen && step.heartbeat !== undefined) return await adopt(ports, step, step.heartbeat);
  if (row.state === 'armed') throw waitUntilDeadline(row, now);
  return outcomeOf(row) ?? { outcome: 'unknown', evidence: evidenceOf(row) };
}

async function adopt(
  ports: ActivityPorts,
  step: ReconcileStep,
  task: AcceptedTask,
): Promise<SubmitOutcome> {
  const record = { outcome: 'accepted', ...task } as const;
  const recorded = await ports.ledger.recordOutcome(step, record, toIsoTime(ports.clock()));
  return outcomeAsRecorded(recorded, record, TASK_OF_ANOTHER);
}

const TASK_OF_ANOTHER = 'the task belongs to another submission; it is in the orphans';
const AFTER_DEADLINE_MS = 250;

function waitUntilDeadline(row: SubmissionRecord, nowMs: number): Error {
  const deadlineMs = row.deadlineAt === null ? nowMs : Date.parse(row.deadlineAt);
  const message = `submission ${row.number} may still be on its way until ${row.deadlineAt ?? 'now'}`;
  return waitFor('wait.deadline', message, deadlineMs - nowMs + AFTER_DEADLINE_MS);
}
