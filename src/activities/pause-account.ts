import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { ActivityPorts } from './ports.ts';
import type { SubmitOutcome } from './submission-view.ts';

/** How long an account without credit is left alone before one job tries again. Milliseconds. */
const NO_CREDIT_PAUSE_MS = 60_000;
/** The longest that a provider's wish keeps a whole account waiting. Milliseconds. */
const LONGEST_PAUSE_MS = 300_000;

/**
 * A refusal that is about the account, not about the job, keeps every job of the account from its POST for a while: they
 * wait in the ledger, which costs neither history nor submissions. A pause that cannot be written is no harm: the others
 * meet the same refusal.
 */
export async function pauseAfterRefusal(
  ports: ActivityPorts,
  account: string,
  outcome: SubmitOutcome,
): Promise<void> {
  const pauseMs = outcome.outcome === 'rejected' ? toPauseMs(outcome) : undefined;
  if (outcome.outcome !== 'rejected' || pauseMs === undefined) return;
  const nowMs = ports.clock();
  const pause = {
    reason: outcome.error.code,
    since: toIsoTime(nowMs),
    until: toIsoTime(nowMs + pauseMs),
  };
  try {
    await ports.ledger.pauseAccount(account, pause);
    ports.logger.warn('an account is not submitted to for a while', { account, ...pause });
  } catch (error) {
    if (!isMediaJobError(error)) throw error;
    ports.logger.warn('the pause of an account could not be written', {
      account,
      code: error.code,
    });
  }
}

function toPauseMs({
  error,
  retryAfterMs,
}: Extract<SubmitOutcome, { outcome: 'rejected' }>): number | undefined {
  if (error.code === 'provider.out_of_credit') {
    return Math.min(LONGEST_PAUSE_MS, Math.max(NO_CREDIT_PAUSE_MS, retryAfterMs ?? 0));
  }
  if (error.code !== 'provider.rate_limited' || retryAfterMs === undefined) return undefined;
  return Math.min(LONGEST_PAUSE_MS, retryAfterMs);
}
