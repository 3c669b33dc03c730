import { SILENT } from '../../../src/core/logger.ts';
import type { CallbackTarget } from '../../../src/core/callbacks.ts';
import type { CallbackSupport } from '../../../src/core/provider.ts';
import { Secret } from '../../../src/core/secret.ts';
import { RIXAPI_CALLBACK } from '../../../src/providers/rixapi/callback.ts';
import { createCallbackUrls } from '../../../src/webhooks/capability.ts';
import type { NotifyJob } from '../../../src/webhooks/delivery.ts';
import type { ReceiverOptions, RunningReceiver } from '../../../src/webhooks/receiver.ts';
import { startReceiver } from '../../../src/webhooks/receiver.ts';
import type { ProviderNotification } from '../../../src/workflows/messages.ts';

export const CALLBACK_SECRET = 'the-secret-of-the-callback-tests-';
export const SIGNING_SECRET: string = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const PUBLIC_URL = 'https://hooks.example.org/pollux';

const SIGNED: CallbackSupport = { ...RIXAPI_CALLBACK, signature: 'standard-webhooks' };

export interface Signal extends ProviderNotification {
  readonly jobId: string;
}

/** A receiver on a socket, the signals it sent, and a clock that a test moves. */
export interface StandingReceiver {
  readonly receiver: RunningReceiver;
  readonly signals: readonly Signal[];
  /** What the next signals meet. */
  notify: NotifyJob;
  passMs(durationMs: number): void;
  pathOf(target: Partial<CallbackTarget>): string;
  post(
    path: string,
    body?: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** The status of a callback of job-1's first submission, or of another one. */
  send(body: string, target?: Partial<CallbackTarget>): Promise<number>;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** Accounts: `gateway`, whose provider does not sign, and `signed`. The caller closes the receiver. */
export async function standUp(options: Partial<ReceiverOptions> = {}): Promise<StandingReceiver> {
  const signals: Signal[] = [];
  let now = Date.now();
  const secret = new Secret(() => CALLBACK_SECRET);
  const standing: { notify: NotifyJob } = { notify: async () => 'accepted' };
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    publicUrl: PUBLIC_URL,
    secret,
    accounts: new Map([
      ['gateway', { support: RIXAPI_CALLBACK }],
      ['signed', { support: SIGNED, secret: new Secret(() => SIGNING_SECRET) }],
    ]),
    notify: (jobId, notification) => {
      signals.push({ jobId, ...notification });
      return standing.notify(jobId, notification);
    },
    clock: () => now,
    logger: SILENT,
    ...options,
  });
  const urls = createCallbackUrls(PUBLIC_URL, secret);
  const pathOf = (target: Partial<CallbackTarget>): string =>
    urls({ account: 'gateway', jobId: 'job-1', number: 1, ...target }).slice(PUBLIC_URL.length);
  const post: StandingReceiver['post'] = (path, body = '{"id":"task_1"}', headers = JSON_HEADERS) =>
    fetch(receiver.url + path, { method: 'POST', body, headers });
  return Object.assign(standing, {
    receiver,
    signals,
    passMs: (durationMs: number) => {
      now += durationMs;
    },
    pathOf,
    post,
    send: async (body: string, target: Partial<CallbackTarget> = {}) => {
      const response = await post(pathOf(target), body);
      await response.arrayBuffer();
      return response.status;
    },
  });
}

/** A body of the gateway. */
export function bodyOf(status: string, taskId = 'task_1'): string {
  return JSON.stringify({ id: taskId, status, created_at: 1_711_234_567 });
}
