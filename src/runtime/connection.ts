import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import type { Config, TemporalConfig } from '../config.ts';
import { ConfigError } from '../core/errors.ts';
import { createDataConverter } from '../encryption/data-converter.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** How long a server that is back may go unnoticed. gRPC's own default is two minutes. */
const MAX_RECONNECT_MS = 5_000;
const LONGEST_RETRY_MS = 2_000;
/** A timer that is due fires within so much. */
const WAKING_MS = 50;

export interface TemporalAccess {
  /** Bound to the configured namespace. */
  readonly temporal: Client;
  readonly connection: Connection;
  close(): Promise<void>;
}

/**
 * Connects to Temporal as the configuration says; payloads are encrypted where it names keys.
 * Throws `temporal.unavailable` within five seconds.
 */
export async function connectTemporal(config: Config): Promise<TemporalAccess> {
  const { address, namespace } = config.temporal;
  const retries = createRetries();
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...toConnectionOptions(config.temporal),
      connectTimeout: CONNECT_TIMEOUT_MS,
      channelArgs: { 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS },
      interceptors: [makeGrpcRetryInterceptor(retries.options)],
    });
  } catch (error) {
    throw temporalAway(address, error);
  }
  const temporal = new Client({
    connection,
    namespace,
    dataConverter: createDataConverter(config),
  });
  const close = async (): Promise<void> => {
    await retries.end();
    await connection.close();
  };
  return { temporal, connection, close };
}

/**
 * The SDK's retries, which end before their connection does: one that wakes on a closed channel throws where nobody can
 * catch it, and ends the process.
 */
function createRetries(): { readonly options: RetryOptions; readonly end: () => Promise<void> } {
  const options = defaultGrpcRetryOptions({ maxIntervalMs: () => LONGEST_RETRY_MS });
  let isEnding = false;
  let lastWakesAtMs = 0;
  return {
    options: {
      retryableDecider: (attempt, status) => !isEnding && options.retryableDecider(attempt, status),
      delayFunction: (attempt, status) => {
        const delayMs = options.delayFunction(attempt, status);
        lastWakesAtMs = Math.max(lastWakesAtMs, Date.now() + delayMs);
        return delayMs;
      },
    },
    end: async () => {
      isEnding = true;
      const leftMs = lastWakesAtMs - Date.now();
      if (leftMs > 0) await delay(leftMs + WAKING_MS);
    },
  };
}

type RetryOptions = ReturnType<typeof defaultGrpcRetryOptions>;

/** What both kinds of connection, the client's and the worker's, take. */
export function toConnectionOptions(config: TemporalConfig): Pick<
  ConnectionOptions,
  'address' | 'metadata'
> & {
  tls?: TemporalConfig['tls'];
  apiKey?: string;
} {
  const { address, tls, apiKey, metadata } = config;
  return {
    address,
    metadata: { ...metadata },
    ...(tls === false ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey: apiKey.reveal() }),
  };
}

/** `temporal.unavailable`, naming the address and what to do. */
export function temporalAway(address: string, cause: unknown): ConfigError {
  return new ConfigError(
    'temporal.unavailable',
    `Temporal does not answer at ${address}: start the server (\`pollux dev\` runs one), or set temporal.address or TEMPORAL_ADDRESS`,
    { details: { address }, cause },
  );
}
