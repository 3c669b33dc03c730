import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { CallbackSupport } from '../core/provider.ts';
import type { Secret } from '../core/secret.ts';
import type { NotifyJob } from './delivery.ts';

/** What the receiver has to know of an account whose provider announces changes. */
export interface CallbackAccount {
  readonly support: CallbackSupport;
  /** What the provider signs with, where it does. */
  readonly secret?: Secret | undefined;
}

export interface ReceiverOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Its path may stand before `/hooks`: a proxy may leave it or take it away. */
  readonly publicUrl: string;
  /** What the URLs were signed with; several, one per line, while one is being replaced. */
  readonly secret: Secret;
  /** By name. Callbacks of other accounts are answered like forged ones. */
  readonly accounts: ReadonlyMap<string, CallbackAccount>;
  readonly notify: NotifyJob;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<ReceiverLimits>;
}

export interface ReceiverLimits {
  /** How long the server may take to accept a signal. Default: 2000. */
  readonly signalTimeoutMs: number;
  /** How long a request may take to arrive. Default: 10000. */
  readonly requestTimeoutMs: number;
  /** Of one client address. Default: 5000. */
  readonly requestsPerSecond: number;
}
