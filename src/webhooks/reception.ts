import { createHash } from 'node:crypto';
import type { CallbackTarget } from '../core/callbacks.ts';
import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { CallbackTally } from './counts.ts';
import type { Delivery, NotifyJob } from './delivery.ts';
import { createDelivery } from './delivery.ts';
import type { CallbackAccount } from './receiver-options.ts';
import type { VerifyWebhook, WebhookHeaders } from './standard-webhooks.ts';
import { createWebhookVerifier } from './standard-webhooks.ts';

export interface ReceptionOptions {
  readonly accounts: ReadonlyMap<string, CallbackAccount>;
  readonly notify: NotifyJob;
  readonly signalTimeoutMs: number;
  readonly clock: Clock;
  readonly tally: CallbackTally;
  readonly logger: Logger;
}

/** A callback whose token is right. */
export interface AdmittedCallback {
  readonly target: CallbackTarget;
  readonly headers: WebhookHeaders;
  readonly rawBody: Buffer;
}

export type Receive = (callback: AdmittedCallback) => Promise<Delivery | { outcome: 'unsigned' }>;

const MAX_WEBHOOK_ID_LENGTH = 200;

/**
 * Verifies the signature where the provider signs, reads the hint and delivers. Throws `config.invalid` for an account whose
 * provider signs and that has no secret.
 */
export function createReception(options: ReceptionOptions): Receive {
  const { accounts, tally, logger } = options;
  const verifiers = createVerifiers(options);
  const deliver = createDelivery(options);
  return async ({ target, headers, rawBody }) => {
    const verify = verifiers.get(target.account);
    if (verify !== undefined && !verify(headers, rawBody)) {
      if (tally.count('forged')) logger.warn('refused an unsigned callback', toFacts(target));
      return { outcome: 'unsigned' };
    }
    const hint = accounts.get(target.account)?.support.parse(rawBody.toString());
    if (hint === undefined && tally.count('unreadable')) {
      logger.warn('a callback is unreadable; it wakes its job all the same', toFacts(target));
    }
    const identity = toIdentity(headers, rawBody);
    const delivery = await deliver({ ...target, identity, hint });
    report(delivery, target, options);
    return delivery;
  };
}

/** One per account whose provider signs. */
function createVerifiers(options: ReceptionOptions): ReadonlyMap<string, VerifyWebhook> {
  const { accounts, clock } = options;
  const verifiers = new Map<string, VerifyWebhook>();
  for (const [name, { support, secret }] of accounts) {
    if (support.signature === undefined) continue;
    if (secret === undefined) {
      throw new ConfigError(
        'config.invalid',
        `accounts.${name}.callbackSecret: is missing; the provider signs its callbacks, and what cannot be verified is refused`,
      );
    }
    secret.reveal();
    verifiers.set(name, createWebhookVerifier({ secret, clock }));
  }
  return verifiers;
}

function toIdentity(headers: WebhookHeaders, rawBody: Buffer): string {
  const id = headers['webhook-id'];
  if (typeof id === 'string' && id !== '' && id.length <= MAX_WEBHOOK_ID_LENGTH) return `id ${id}`;
  return `body ${createHash('sha256').update(rawBody).digest('base64')}`;
}

function report(
  delivery: Delivery,
  target: CallbackTarget,
  { tally, logger }: ReceptionOptions,
): void {
  const { outcome } = delivery;
  const isFirst = tally.count(outcome);
  const reason = outcome === 'unavailable' ? { reason: delivery.reason } : {};
  const isTrouble = outcome === 'unavailable' || outcome === 'limited';
  const level = isTrouble && isFirst ? 'warn' : 'debug';
  logger[level](`callback: ${outcome}`, { ...toFacts(target), ...reason });
}

function toFacts({ account, jobId, number }: CallbackTarget): Record<string, string | number> {
  return { account, jobId, number };
}
