import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import type { Config, TemporalConfig } from '../config.ts';
import { ConfigError } from '../core/errors.ts';
import { createDataConverter } from '../encryption/data-converter.ts';

const CONNECT_TIMEOUT_MS = 5_000;

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
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...toConnectionOptions(config.temporal),
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
  } catch (error) {
    throw temporalAway(address, error);
  }
  const temporal = new Client({
    connection,
    namespace,
    dataConverter: createDataConverter(config),
  });
  return { temporal, connection, close: () => connection.close() };
}

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
