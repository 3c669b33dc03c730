import { judgeBilling } from '../core/billing.ts';
import { toIsoTime } from '../core/clock.ts';
import { LedgerError } from '../core/errors.ts';
import type { Cost } from '../core/job.ts';
import type { SubmissionId } from '../core/ledger.ts';
import type { Quote } from '../core/money.ts';
import type { Snapshot } from '../core/provider.ts';
import type { ActivityPorts } from './ports.ts';
import type { AcceptedTask } from './submission-view.ts';

export interface RecordCostStep extends SubmissionId {
  readonly task: AcceptedTask;
  /** The terminal reading; absent where the task's life ended unseen. */
  readonly end?: Snapshot;
  readonly quote: Quote | null;
}

/**
 * Books what the end of the task means for its money and frees the submission's place.
 *
 * An acceptance that could not be written when it happened is written first, from the step itself.
 * Run twice: the second run finds the entry and returns it. Throws `ledger.unavailable`, `ledger.conflict`.
 */
export async function recordCost(ports: ActivityPorts, step: RecordCostStep): Promise<Cost | null> {
  const { jobId, number, task, quote } = step;
  const at = toIsoTime(ports.clock());
  const accepted = await ports.ledger.recordOutcome(
    { jobId, number },
    { outcome: 'accepted', ...task },
    at,
  );
  if (accepted.kind === 'orphaned') {
    throw new LedgerError(
      'ledger.conflict',
      `task ${task.taskId} does not belong to submission ${number} of job ${jobId}; it is in the orphans`,
      { details: { taskId: task.taskId, number } },
    );
  }
  return await ports.ledger.recordCost({ jobId, number }, { ...judgeBilling(step.end), quote }, at);
}
