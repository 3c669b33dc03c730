import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJobHistories } from '../client/job-histories.ts';
import { createJobRuns } from '../client/job-runs.ts';
import { StorageError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Installation } from '../installation.ts';
import type { AuditPorts, NamedText } from '../maintenance/audit/ports.ts';
import { inspectMedia } from '../media/index.ts';
import { connectTemporal } from '../runtime/connection.ts';
import { replayHistories } from '../runtime/replay-histories.ts';
import { tryOpening } from './try-opening.ts';

export interface OpenAuditPorts {
  readonly ports: AuditPorts;
  close(): Promise<void>;
}

/**
 * What an audit of this installation reads. A dependency that is away keeps none of the others from being audited: its
 * port throws what opening it met. Throws `config.invalid` where the configuration cannot be used.
 */
export async function openAuditPorts(
  installation: Installation,
  logger: Logger,
): Promise<OpenAuditPorts> {
  const { config, accounts, dataConverter } = installation;
  const ledger = await tryOpening(() => installation.openLedger());
  const access = await tryOpening(() => connectTemporal(config));
  return {
    ports: {
      accounts,
      ledger: ledger.port,
      runs: { state: (jobId) => createJobRuns(access.port.temporal, accounts).state(jobId) },
      store: installation.openStore(),
      inspectMedia,
      spoolFiles: () => readSpool(config.spool.directory),
      histories: (limit) => toNamedTexts(readJobHistories(access.port.temporal, limit)),
      replay: (limit) =>
        replayHistories(readJobHistories(access.port.temporal, limit), { dataConverter, logger }),
      clock: Date.now,
      logger,
    },
    close: async () => {
      await ledger.close();
      await access.close();
    },
  };
}

async function* toNamedTexts(
  histories: ReturnType<typeof readJobHistories>,
): AsyncGenerator<NamedText> {
  for await (const { jobId, text } of histories)
    yield { name: `the workflow of job ${jobId}`, text };
}

/** Records come and go meanwhile: one that is gone has been written to the ledger. */
async function* readSpool(directory: string): AsyncGenerator<NamedText> {
  for (const name of await readingSpool(
    directory,
    () => readdir(directory, { recursive: true }),
    [],
  )) {
    const path = join(directory, name);
    const text = await readingSpool(directory, () => readFile(path, 'utf8'), undefined);
    if (text !== undefined) yield { name: `spool file ${path}`, text };
  }
}

async function readingSpool<Result>(
  directory: string,
  read: () => Promise<Result>,
  absent: Result,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' || code === 'EISDIR') return absent;
    throw new StorageError('storage.unavailable', `spool ${directory} cannot be read: ${code}`, {
      cause: error,
    });
  }
}
