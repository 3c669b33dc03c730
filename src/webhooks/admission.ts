import type { CallbackTarget } from '../core/callbacks.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Secret } from '../core/secret.ts';
import { createPathReader } from './capability.ts';
import type { CallbackTally } from './counts.ts';
import { RateLimit } from './rate-limit.ts';

export interface AdmissionOptions {
  readonly secret: Secret;
  /** Those whose providers announce changes. */
  readonly accounts: ReadonlyMap<string, unknown>;
  readonly requestsPerSecond: number;
  readonly clock: Clock;
  readonly tally: CallbackTally;
  readonly logger: Logger;
}

export interface Admission {
  /** How long this client has to wait, in milliseconds; 0: not at all. */
  waitMs(address: string): number;
  /** Whom a POST to the path is for; `undefined` where its token is wrong. */
  targetOf(path: string, address: string): CallbackTarget | undefined;
}

/** Client addresses that are remembered. */
const ADDRESSES = 10_000;

/**
 * Decides by address, path and token, before anything of a body is read. Looks nothing up, so that its answer tells nothing about
 * jobs. Throws `config.invalid` for a secret that is not there or too short.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { accounts, clock, tally, logger, requestsPerSecond } = options;
  const readPath = createPathReader(options.secret, clock);
  const limit = new RateLimit({
    clock,
    burst: requestsPerSecond,
    refillMs: 1000 / requestsPerSecond,
    capacity: ADDRESSES,
  });
  return {
    waitMs: (address) => {
      const waitMs = limit.take(address);
      if (waitMs > 0 && tally.count('limited')) logger.warn('too many requests', { address });
      return waitMs;
    },
    targetOf: (path, address) => {
      const target = readPath(path);
      if (target !== undefined && accounts.has(target.account)) return target;
      // The path is not logged: it may hold most of a token.
      if (tally.count('forged')) logger.warn('refused a callback without a token', { address });
      return undefined;
    },
  };
}
