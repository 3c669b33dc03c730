import type { Clock } from '../core/clock.ts';
import { BoundedMap } from './bounded-map.ts';

export interface RateLimitOptions {
  readonly clock: Clock;
  /** So many at once. */
  readonly burst: number;
  /** And one more whenever this time has passed. */
  readonly refillMs: number;
  /** So many keys are remembered. One that is forgotten begins anew. */
  readonly capacity: number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right. */
  at: number;
}

/** A token bucket per key. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets: BoundedMap<Bucket>;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#buckets = new BoundedMap(options.capacity);
  }

  /** Takes one and returns 0, or the milliseconds until there is one that leaves `reserve` for others. */
  take(key: string, reserve = 0): number {
    const bucket = this.#refill(key);
    const missing = 1 + reserve - bucket.tokens;
    if (missing > 0) return Math.ceil(missing * this.#options.refillMs);
    bucket.tokens -= 1;
    return 0;
  }

  #refill(key: string): Bucket {
    const { clock, burst, refillMs } = this.#options;
    const now = clock();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    // A clock that was set back gives nothing.
    const gained = Math.max(0, now - bucket.at) / refillMs;
    bucket.tokens = Math.min(burst, bucket.tokens + gained);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
