import type { Client } from '@temporalio/client';
import { calling } from './client/calling.ts';
import { unlessMissing } from './client/unless-missing.ts';
import type { Config, ListenAddress } from './config.ts';
import { ConfigError } from './core/errors.ts';
import { fileErrorCode } from './core/file-errors.ts';
import { toWorkflowId } from './core/keys.ts';
import type { Logger } from './core/logger.ts';
import { createProvider } from './providers/index.ts';
import { isLoopback } from './runtime/codec-endpoint.ts';
import { connectTemporal } from './runtime/connection.ts';
import { Releases } from './runtime/releases.ts';
import type { NotifyJob } from './webhooks/delivery.ts';
import type { CallbackAccount, RunningReceiver } from './webhooks/receiver.ts';
import { startReceiver } from './webhooks/receiver.ts';
import { providerNotified } from './workflows/messages.ts';

export interface WebhooksOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Default: `callbacks.listen`. */
  readonly listen?: ListenAddress | undefined;
}

export interface RunningWebhooks extends Pick<RunningReceiver, 'url' | 'counts'> {
  /** Accepts nothing more, lets running requests end, then stops. Safe to call twice. */
  stop(): Promise<void>;
}

/** Longer than the server needs, and shorter than providers wait. */
const SIGNAL_TIMEOUT_MS = 2_000;

const EXAMPLE_SECTION = `callbacks:
  publicUrl: https://hooks.example.org   # where providers reach this receiver
  listen: 127.0.0.1:8088
  secret: { env: POLLUX_CALLBACK_SECRET }   # openssl rand -hex 32`;

/**
 * Starts the receiver of callbacks and resolves once it listens and Temporal has answered. Needs no ledger, no storage and no key of
 * a provider. Throws `config.invalid` for a configuration without `callbacks`, a secret that is not there, and an address that cannot
 * be listened on; `temporal.unavailable`.
 */
export async function startWebhooks(options: WebhooksOptions): Promise<RunningWebhooks> {
  const { config, logger } = options;
  const { callbacks } = config;
  if (callbacks === undefined) throw missingSection(config);
  callbacks.secret.reveal();
  const listen = options.listen ?? callbacks.listen;
  const releases = new Releases(logger);
  try {
    const access = await connectTemporal(config);
    releases.add('connection', () => access.close());
    const receiver = await startReceiver({
      ...listen,
      publicUrl: callbacks.publicUrl,
      secret: callbacks.secret,
      accounts: callbackAccounts(config),
      notify: notifyThrough(access.temporal),
      clock: Date.now,
      logger,
      limits: { signalTimeoutMs: SIGNAL_TIMEOUT_MS },
    }).catch((error: unknown) => {
      throw toListenError(error, listen);
    });
    releases.add('receiver', () => receiver.close());
    if (!isLoopback(listen.host)) logger.warn(NOT_PRIVATE, { host: listen.host });
    return { url: receiver.url, counts: () => receiver.counts(), stop: () => releases.run() };
  } catch (error) {
    await releases.run();
    throw error;
  }
}

const NOT_PRIVATE =
  'other machines reach the receiver without TLS: put a proxy that ends TLS before it, or listen on 127.0.0.1';

/** Those whose providers announce changes. */
function callbackAccounts({ accounts }: Config): ReadonlyMap<string, CallbackAccount> {
  const found = new Map<string, CallbackAccount>();
  for (const account of accounts.values()) {
    const support = createProvider(account).callback;
    if (support !== undefined) found.set(account.name, { support, secret: account.callbackSecret });
  }
  return found;
}

function notifyThrough(temporal: Client): NotifyJob {
  return async (jobId, notification) => {
    const job = temporal.workflow.getHandle(toWorkflowId(jobId));
    const signal = async (): Promise<'accepted'> => {
      await job.signal(providerNotified, notification);
      return 'accepted';
    };
    const accepted = await unlessMissing(calling(temporal, signal, SIGNAL_TIMEOUT_MS));
    return accepted ?? 'no_workflow';
  };
}

function missingSection({ file }: Config): ConfigError {
  const section = EXAMPLE_SECTION.replace(/^/gm, '  ');
  return new ConfigError(
    'config.invalid',
    `${file} has no section callbacks, so no provider is told where to announce anything. Add for example:\n\n${section}\n`,
  );
}

function toListenError(error: unknown, { host, port }: ListenAddress): unknown {
  const code = fileErrorCode(error) ?? '';
  if (!['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND'].includes(code)) return error;
  return new ConfigError(
    'config.invalid',
    `the receiver cannot listen on ${host}:${String(port)} (${code}): choose another address with callbacks.listen or --listen`,
    { details: { host, port }, cause: error },
  );
}
