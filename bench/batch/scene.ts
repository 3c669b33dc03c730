import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { findTemporalCli } from '../../src/cli/temporal-cli.ts';
import { createClient } from '../../src/client.ts';
import type { PolluxClient } from '../../src/client.ts';
import type { AccountDirectory } from '../../src/core/accounts.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { createInstallation } from '../../src/installation.ts';
import { connectTemporal } from '../../src/runtime/connection.ts';
import { parseMediaRequest } from '../../src/schema/request.ts';
import { writePromptServer } from '../../test/installation/prompt-server.ts';
import { startBenchProcess } from '../bench-process.ts';
import type { BenchProcess } from '../bench-process.ts';
import { openBelow } from '../bench-scene.ts';
import type { Closable, Release } from '../bench-scene.ts';
import { batchConfig } from './config.ts';
import type { WorkerQuestion } from './worker-process.ts';

/** One Temporal server and one worker process, which serve both sides. */
export interface Scene extends Closable {
  readonly temporal: Client;
  readonly client: PolluxClient;
  readonly accounts: AccountDirectory;
  readonly workerPid: number;
}

export async function openScene(folder: string): Promise<Scene> {
  return await openBelow(folder, open);
}

async function open(directory: string, releases: Release[]): Promise<Omit<Scene, 'close'>> {
  const { path } = await findTemporalCli();
  const server = await startDevServer({
    cliPath: await writePromptServer(directory, path),
    logFile: join(directory, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
    isDetached: false,
  });
  releases.push(() => server.stop());
  const { address } = server;
  const config = batchConfig(address, directory);
  const access = await connectTemporal(config);
  releases.push(() => access.close());
  const { temporal } = access;
  const worker: BenchProcess<WorkerQuestion, object> = await startBenchProcess(
    './worker-process.js',
    import.meta.url,
  );
  releases.push(() => worker.stop());
  await worker.ask({ address, directory });
  const installation = createInstallation(config);
  const { accounts } = installation;
  const batches = installation.openBatchStorage();
  return {
    temporal,
    accounts,
    client: createClient({ temporal, accounts, parseRequest: parseMediaRequest, batches }),
    workerPid: worker.pid,
  };
}
