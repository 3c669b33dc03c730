import type { Cost, CostState } from './job.ts';
import type { JsonObject } from './json.ts';
import type { Quote } from './money.ts';
import type { Snapshot } from './provider.ts';

/** What the end of a task means for its money. */
export interface BillingVerdict {
  readonly kind: 'charge' | 'release' | 'unknown';
  /** Word for the ledger: why the submission ended. */
  readonly reason: string;
  /** Present with `unknown`: what fails to prove the billing. */
  readonly discrepancy?: JsonObject;
}

/**
 * Money is owed when the provider says `succeeded`, and nothing is owed for a failure that proves it. Every other end
 * proves neither: a task that expired unseen, one that was cancelled, a failure that hides a failed status query.
 * `undefined` stands for a task whose life ended before a final reading.
 */
export function judgeBilling(snapshot: Snapshot | undefined): BillingVerdict {
  if (snapshot === undefined) {
    return { kind: 'unknown', reason: 'expired', discrepancy: { end: 'expired unseen' } };
  }
  if (snapshot.status === 'succeeded') return { kind: 'charge', reason: 'succeeded' };
  if (snapshot.status === 'failed' && snapshot.failureProvesNoCharge !== false) {
    return { kind: 'release', reason: 'failed' };
  }
  return {
    kind: 'unknown',
    reason: snapshot.status,
    discrepancy: { end: snapshot.status, providerStatus: snapshot.providerStatus },
  };
}

/** The quote as a job's cost in a state; released money is none. `null` where the model has no price. */
export function toCost(quote: Quote | null, state: CostState): Cost | null {
  if (quote === null) return null;
  const { currency, basis } = quote;
  return { currency, micros: state === 'released' ? '0' : quote.micros, basis, state };
}
