import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

/** Where Temporal is and how to connect to it. */
export interface TemporalConfig {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  /** `false`: plain text. `true`: TLS against the authorities that the system trusts. */
  readonly tls: TlsConfig | boolean;
  readonly apiKey: Secret | undefined;
  /** Sent with every call. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** As the SDK's connections take it. */
export interface TlsConfig {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Uint8Array;
  readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array };
}

/**
 * `temporal:` of the file, overruled by the `TEMPORAL_*` variables of Temporal's own client configuration
 * (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS…`, `TEMPORAL_GRPC_META_…`).
 * A `temporal.toml` counts only where `TEMPORAL_CONFIG_FILE` names it: one that lies in a person's home must not
 * quietly outrank `pollux.yaml`. Empty variables count as absent. `config.invalid`.
 */
export function resolveTemporal(
  fromFile: { readonly address: string; readonly namespace: string },
  environment: Readonly<Record<string, string | undefined>>,
): TemporalConfig {
  const variables = Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] =>
        entry[0].startsWith('TEMPORAL_') && entry[1] !== undefined && entry[1] !== '',
    ),
  );
  if (variables['TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'] !== undefined) {
    throw new ConfigError(
      'config.invalid',
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is set, but host verification cannot be disabled: unset it and name the authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    );
  }
  const { namespace, connectionOptions } = loadVariables(variables);
  const address = connectionOptions.address ?? fromFile.address;
  if (!/^[^\s/]+:\d{1,5}$/.test(address)) {
    throw new ConfigError(
      'config.invalid',
      `TEMPORAL_ADDRESS (${JSON.stringify(address)}): must be host:port`,
    );
  }
  const { apiKey, tls, metadata } = connectionOptions;
  return {
    address,
    namespace: namespace ?? fromFile.namespace,
    tls: toTls(tls),
    apiKey: typeof apiKey === 'string' ? new Secret(() => apiKey) : undefined,
    metadata: toTextMetadata(metadata),
  };
}

type Connection = ReturnType<typeof loadClientConnectConfig>;

function loadVariables(variables: Record<string, string>): Connection {
  try {
    return loadClientConnectConfig({
      overrideEnvVars: variables,
      disableFile: variables['TEMPORAL_CONFIG_FILE'] === undefined,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('config.invalid', `the TEMPORAL_* variables cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

function toTls(tls: Connection['connectionOptions']['tls']): TlsConfig | boolean {
  if (tls === undefined || tls === null || typeof tls === 'boolean') return tls ?? false;
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tls;
  return {
    ...(serverNameOverride === undefined ? {} : { serverNameOverride }),
    ...(serverRootCACertificate === undefined ? {} : { serverRootCACertificate }),
    ...(clientCertPair === undefined ? {} : { clientCertPair }),
  };
}

function toTextMetadata(
  metadata: Connection['connectionOptions']['metadata'],
): Readonly<Record<string, string>> {
  const texts = Object.entries(metadata ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
