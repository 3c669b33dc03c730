import type { DataConverter, PayloadCodec } from '@temporalio/common';
import type { AccountDirectory } from './core/accounts.ts';
import type { ArtifactStore } from './core/artifact-store.ts';
import type { Ledger } from './core/ledger.ts';
import type { Logger } from './core/logger.ts';
import type { InspectMedia } from './core/media.ts';
import type { Sealer } from './core/sealer.ts';
import type { Spool } from './core/spool.ts';
import type { BatchStorage } from './client/batches.ts';
import type { Config } from './config.ts';
import { ConfigError } from './core/errors.ts';
import { createPayloadCodec } from './encryption/codec.ts';
import { createDataConverter } from './encryption/data-converter.ts';
import { lazyKeyRing } from './encryption/key-ring.ts';
import { createSealer } from './encryption/sealer.ts';
import { createFileSpool } from './ledger/spool.ts';
import { createSqlLedger } from './ledger/sql.ts';
import { publishManifest } from './manifest/index.ts';
import { createMediaInspector, findFfmpeg } from './media/index.ts';
import { createProvider } from './providers/index.ts';
import { createArtifactStore } from './storage/index.ts';

/** What a configuration stands for, as far as it does not concern Temporal. Nothing is opened before it is asked for. */
export interface Installation {
  readonly config: Config;
  readonly accounts: AccountDirectory;
  /** Keeps texts at rest unreadable where the configuration names keys. */
  readonly sealer: Sealer;
  /** Encrypts payloads where the configuration names keys, and decrypts what any of them encrypted. */
  readonly payloadCodec: PayloadCodec;
  /** For every Temporal client and worker of this installation: the codec, and what must go through it. */
  readonly dataConverter: DataConverter;
  /** Opens the ledger; the caller closes it. `ledger.unavailable`, `config.invalid`. */
  openLedger(): Promise<Ledger>;
  openStore(): ArtifactStore;
  /** Where a client keeps what its batches consist of. */
  openBatchStorage(): BatchStorage;
  /** Judges files before they are published. `config.invalid` where the configuration wants ffmpeg and there is none. */
  openInspector(logger: Logger): Promise<InspectMedia>;
  /** The folder of this host that takes an outcome while the ledger cannot. */
  openSpool(logger: Logger): Spool;
}

/**
 * Binds a configuration to its adapters.
 *
 * @example
 * const installation = createInstallation(loadConfig({ file: 'pollux.yaml' }));
 * for (const { account, provider } of installation.accounts.values()) console.log(account.name, provider.name);
 */
export function createInstallation(config: Config): Installation {
  const accounts = new Map(
    [...config.accounts].map(([name, account]) => [
      name,
      { account, provider: createProvider(account) },
    ]),
  );
  const ring = lazyKeyRing(config);
  const sealer = createSealer(ring);
  const payloadCodec = createPayloadCodec(ring);
  return {
    config,
    accounts,
    sealer,
    payloadCodec,
    dataConverter: createDataConverter(config, payloadCodec),
    openLedger: async () => {
      // A key file that cannot be used shows now, not with the first sealed row.
      ring();
      const { ledger } = config;
      const url = ledger.kind === 'postgres' ? ledger.address.reveal() : ledger.url;
      return await createSqlLedger({ url, sealer });
    },
    openStore: () => openStore(config),
    openBatchStorage: () => {
      const store = openStore(config);
      return {
        store,
        publish: (batch, items) => publishManifest(store, batch, items, { sealer }),
      };
    },
    openInspector: (logger) => openInspector(config, logger),
    openSpool: (logger) => createFileSpool({ directory: config.spool.directory, sealer, logger }),
  };
}

function openStore({ storage }: Config): ArtifactStore {
  const temporaryDirectory = storage.kind === 's3' ? storage.temporary : undefined;
  return createArtifactStore(storage.url, { temporaryDirectory });
}

async function openInspector({ verification }: Config, logger: Logger): Promise<InspectMedia> {
  if (!verification.decode) return createMediaInspector({ logger });
  const ffmpeg = await findFfmpeg(process.env);
  if (ffmpeg !== undefined) return createMediaInspector({ logger, ffmpeg });
  throw new ConfigError(
    'config.invalid',
    'verification.decode (true): ffmpeg is not on the PATH; install it, or set decode to false',
  );
}
