import { toIsoTime } from '../core/clock.ts';
import type { SubmissionId } from '../core/ledger.ts';
import type { ActivityPorts } from './ports.ts';
import { outcomeOf } from './submission-view.ts';
import type { SubmitOutcome } from './submission-view.ts';
import { waitFor } from './wait.ts';

const LOOK_AGAIN_MIN_MS = 2_000;
const LOOK_AGAIN_MAX_MS = 120_000;
const GROWTH = 1.5;

/**
 * Waits, while a job is held, for an outcome that reaches the ledger late: a spool is drained, a frozen worker wakes with
 * its reply. Asks the ledger only, and the server to run it again, which writes no history.
 *
 * Run twice: both runs return the same outcome. Throws `ledger.unavailable`.
 */
export async function awaitOutcome(
  ports: ActivityPorts,
  step: SubmissionId,
  attempt: number,
): Promise<SubmitOutcome> {
  const row = await ports.ledger.settleSubmission(step, toIsoTime(ports.clock()));
  if (row.state === 'accepted' || row.state === 'rejected') {
    const outcome = outcomeOf(row);
    if (outcome !== undefined) return outcome;
  }
  const delayMs = Math.min(LOOK_AGAIN_MAX_MS, LOOK_AGAIN_MIN_MS * GROWTH ** (attempt - 1));
  const message = `submission ${row.number} is still unknown; the ledger is asked again in ${Math.round(delayMs / 1000)} s`;
  throw waitFor('wait.outcome', message, delayMs);
}
