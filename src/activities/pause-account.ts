import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import { resubmitDelayMs } from '../core/resubmit-delay.ts';
import type { ActivityPorts } from './ports.ts';
import type { SubmitOutcome } from './submission-view.ts';

/** However often it was refused, an account without credit is tried again after so long. Milliseconds. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Want of credit is about the account, not about the job: until the job that met it submits again, all others of the
 * account wait in the ledger, which costs them neither history nor submissions. A pause that cannot be written is no
 * harm: they meet the same refusal.
 */
export async function pauseWithoutCredit(
  ports: ActivityPorts,
  account: string,
  number: number,
  outcome: SubmitOutcome,
): Promise<void> {
  if (outcome.outcome !== 'rejected' || outcome.error.code !== 'provider.out_of_credit') return;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, resubmitDelayMs(number, outcome.retryAfterMs));
  const nowMs = ports.clock();
  const pause = {
    reason: outcome.error.code,
    since: toIsoTime(nowMs),
    until: toIsoTime(nowMs + pauseMs),
  };
  try {
    await ports.ledger.pauseAccount(account, pause);
    ports.logger.warn('an account without credit is not submitted to for a while', {
      account,
      until: pause.until,
    });
  } catch (error) {
    if (!isMediaJobError(error)) throw error;
    ports.logger.warn('the pause of an account could not be written', {
      account,
      code: error.code,
    });
  }
}
