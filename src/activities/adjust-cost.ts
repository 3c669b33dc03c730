import { toIsoTime } from '../core/clock.ts';
import type { Cost, MediaRequest } from '../core/job.ts';
import { splitModel } from '../core/keys.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { requireAccount } from './account-of.ts';
import type { ActivityPorts } from './ports.ts';

export interface AdjustCostStep extends SubmissionId {
  readonly account: string;
  readonly request: MediaRequest;
  /** What the stored files show, in all. */
  readonly outputSeconds: number;
}

/** A file of 5.042 s was asked for and is billed as 5 s: containers round up to their last frame. */
const FRAME_SLACK_SECONDS = 0.25;

/**
 * Settles a charge that was an upper bound at what the stored files show.
 * Run twice: the second run finds the adjustment. Throws `ledger.unavailable`, `ledger.conflict`.
 */
export async function adjustCost(ports: ActivityPorts, step: AdjustCostStep): Promise<Cost | null> {
  const { provider } = requireAccount(ports, step.account);
  const model = splitModel(step.request.model)?.model ?? step.request.model;
  const durationSeconds = toBilledSeconds(step.outputSeconds);
  const quote = provider.quote({ ...step.request, model, durationSeconds });
  const at = toIsoTime(ports.clock());
  const { jobId, number } = step;
  return await ports.ledger.adjustCost({ jobId, number }, quote ?? null, at);
}

function toBilledSeconds(seconds: number): number {
  const whole = Math.round(seconds);
  return Math.abs(seconds - whole) <= FRAME_SLACK_SECONDS ? whole : seconds;
}
