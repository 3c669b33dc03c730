import { ProviderError } from '../core/errors.ts';
import type { SubmissionId } from '../core/ledger.ts';
import { isTerminal } from '../core/provider.ts';
import type { Operation } from '../core/provider.ts';
import { requireAccount } from './account-of.ts';
import type { ActivityPorts } from './ports.ts';

export interface CancelStep extends SubmissionId {
  readonly account: string;
  readonly operation: Operation;
}

export type CancelOutcome = 'requested' | 'refused' | 'finished' | 'impossible';

const CALL_TIMEOUT_MS = 15_000;
/** A task may finish right after it was read, so a reading that has aged, for a process that stood still, allows nothing. */
const READING_AGE_MS = 5_000;

/**
 * Asks the provider to stop a task. Where the call would delete finished output, the task is read first and a
 * terminal one is left alone.
 *
 * Run twice: the provider is asked twice, which it answers as refused. Throws `provider.unavailable` to be run again.
 */
export async function cancelTask(
  ports: ActivityPorts,
  step: CancelStep,
  signal: AbortSignal,
): Promise<CancelOutcome> {
  const { account, provider } = requireAccount(ports, step.account);
  if (provider.cancel === undefined) return 'impossible';
  const context = {
    signal,
    apiKey: account.apiKey,
    timeoutMs: CALL_TIMEOUT_MS,
    logger: ports.logger,
  };
  if (provider.capabilities.cancelDeletesFinished) {
    const askedAtMs = ports.clock();
    const reading = await provider.read(step.operation, context);
    const isUnfinished = reading.outcome === 'read' && !isTerminal(reading.snapshot.status);
    if (!isUnfinished) return 'finished';
    if (ports.clock() - askedAtMs > READING_AGE_MS) {
      throw new ProviderError('provider.unavailable', 'cancel: the reading is too old; read again');
    }
  }
  const answer = await provider.cancel(step.operation, context);
  if (answer.outcome === 'trouble') {
    const { retryAfterMs, error } = answer;
    throw new ProviderError('provider.unavailable', `cancel: ${error.message}`, {
      details: error.details,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  return answer.outcome;
}
