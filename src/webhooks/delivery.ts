import type { Clock } from '../core/clock.ts';
import type { CallbackHint } from '../core/provider.ts';
import type { SubmissionId } from '../core/ledger-records.ts';
import type { ProviderNotification } from '../workflows/messages.ts';
import { BoundedMap } from './bounded-map.ts';
import { RateLimit } from './rate-limit.ts';

/**
 * Signals `providerNotified` to the job's workflow. Resolves once the server has taken the signal, or knows no such open
 * workflow; rejects where that cannot be told. Run twice: the workflow is woken twice, which is harmless.
 */
export type NotifyJob = (
  jobId: string,
  notification: ProviderNotification,
) => Promise<'accepted' | 'no_workflow'>;

/** A callback whose token, and signature where there is one, are right. */
export interface VerifiedCallback extends SubmissionId {
  /** Tells a repetition of this callback from another one of the same submission. */
  readonly identity: string;
  /** `undefined` where the body was unreadable: it wakes all the same. */
  readonly hint: CallbackHint | undefined;
}

export type Delivery =
  | { readonly outcome: 'accepted' | 'no_workflow' | 'duplicate' }
  | { readonly outcome: 'limited'; readonly retryAfterMs: number }
  | { readonly outcome: 'unavailable'; readonly reason: string };

export type Deliver = (callback: VerifiedCallback) => Promise<Delivery>;

export interface DeliveryOptions {
  readonly notify: NotifyJob;
  readonly clock: Clock;
  /** How long the server may take to accept a signal. */
  readonly signalTimeoutMs: number;
}

/** Signals of one submission: each is an event in the job's history. */
const BURST = 10;
const REFILL_MS = 30_000;
/** Of the burst, what announcements of progress leave for the announcement of the end. */
const RESERVE = 3;
const DUPLICATE_MS = 60_000;
/** Submissions and callbacks that are remembered. One that is forgotten costs a signal more. */
const CAPACITY = 20_000;

interface Earlier {
  readonly fate: Promise<Delivery>;
  /** When it was delivered; `undefined` while that is under way. */
  deliveredAt: number | undefined;
}

/**
 * Hands callbacks to their jobs. One that repeats a delivered one within a minute is a duplicate; one that repeats what is just
 * being delivered shares its fate; what could not be delivered may be tried again.
 */
export function createDelivery(options: DeliveryOptions): Deliver {
  const { clock } = options;
  const limit = new RateLimit({ clock, burst: BURST, refillMs: REFILL_MS, capacity: CAPACITY });
  const earlier = new BoundedMap<Earlier>(CAPACITY);

  const deliverNew = async (callback: VerifiedCallback, key: string): Promise<Delivery> => {
    const entry: Earlier = { fate: signal(callback, options), deliveredAt: undefined };
    earlier.set(key, entry);
    const delivery = await entry.fate;
    if (delivery.outcome === 'unavailable') earlier.delete(key);
    else entry.deliveredAt = clock();
    return delivery;
  };

  return async (callback) => {
    const submission = `${callback.jobId}\n${String(callback.number)}`;
    const key = `${submission}\n${callback.identity}`;
    const known = earlier.get(key);
    if (known !== undefined && isRecent(known, clock())) {
      const delivery = await known.fate;
      return delivery.outcome === 'unavailable' ? delivery : { outcome: 'duplicate' };
    }
    const reserve = callback.hint?.isUnfinished === true ? RESERVE : 0;
    const retryAfterMs = limit.take(submission, reserve);
    if (retryAfterMs > 0) return { outcome: 'limited', retryAfterMs };
    return await deliverNew(callback, key);
  };
}

function isRecent({ deliveredAt }: Earlier, now: number): boolean {
  return deliveredAt === undefined || Math.abs(now - deliveredAt) < DUPLICATE_MS;
}

/** Never rejects. A signal that is taken after the time is over wakes once more than it was asked to. */
async function signal(
  { jobId, number, hint }: VerifiedCallback,
  { notify, signalTimeoutMs }: DeliveryOptions,
): Promise<Delivery> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Delivery>((resolve) => {
    const reason = `Temporal has not answered for ${String(signalTimeoutMs)} ms`;
    timer = setTimeout(() => resolve({ outcome: 'unavailable', reason }), signalTimeoutMs);
  });
  const sent = notify(jobId, { number, ...hint }).then(
    (outcome): Delivery => ({ outcome }),
    (error: unknown): Delivery => ({
      outcome: 'unavailable',
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  return await Promise.race([sent, late]).finally(() => clearTimeout(timer));
}
