import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Secret } from '../core/secret.ts';

/** Headers of a request as node gives them: names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifierOptions {
  /** `whsec_` and base64; several, one per line, while one is being replaced. Read with every call. */
  readonly secret: Secret;
  readonly clock: Clock;
  /** How far the sender's clock may differ from ours. Default: 300. */
  readonly toleranceSeconds?: number;
}

/** True for a body that was signed with one of the secrets, lately. */
export type VerifyWebhook = (headers: WebhookHeaders, rawBody: Buffer) => boolean;

const DEFAULT_TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';
/** More signatures than a rotation of secrets needs are no longer looked at. */
const MAX_SIGNATURES = 10;

/** Verifies by the scheme of https://www.standardwebhooks.com, version 1 with symmetric keys (read 2026-11-21). */
export function createWebhookVerifier(options: VerifierOptions): VerifyWebhook {
  const { secret, clock, toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = options;
  return (headers, rawBody) => {
    const id = readHeader(headers, 'webhook-id');
    const timestamp = readHeader(headers, 'webhook-timestamp');
    const signature = readHeader(headers, 'webhook-signature');
    if (id === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp ?? '')) {
      return false;
    }
    if (Math.abs(Math.floor(clock() / 1000) - Number(timestamp)) > toleranceSeconds) return false;
    const given = readSignatures(signature);
    return readSecrets(secret).some((key) => {
      const mac = createHmac('sha256', key).update(`${id}.${String(Number(timestamp))}.`);
      const expected = Buffer.from(mac.update(rawBody).digest('base64'));
      return given.some(
        (bytes) => bytes.length === expected.length && timingSafeEqual(bytes, expected),
      );
    });
  };
}

function readHeader(headers: WebhookHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts after `v1,`, separated by spaces; other versions are for others. */
function readSignatures(header: string): readonly Buffer[] {
  return header
    .split(' ', MAX_SIGNATURES)
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice('v1,'.length)));
}

function readSecrets(secret: Secret): readonly Buffer[] {
  return secret
    .reveal()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) =>
      Buffer.from(line.startsWith(PREFIX) ? line.slice(PREFIX.length) : line, 'base64'),
    )
    .filter((key) => key.length > 0);
}
