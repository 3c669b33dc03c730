import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { startSimulator } from '../../simulator/index.ts';
import type { RunningSimulator } from '../../simulator/index.ts';
import { startChildCommand } from '../../src/cli/child-command.ts';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import { findTemporalCli } from '../../src/cli/temporal-cli.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import {
  connectTemporal,
  createClient,
  createInstallation,
  loadConfig,
  parseMediaRequest,
} from '../../src/index.ts';
import type { PolluxClient } from '../../src/index.ts';
import { writePromptServer } from '../../test/installation/prompt-server.ts';
import { ACCOUNT } from './target-urls.ts';

/** Simulator, Temporal server, `pollux webhooks` and client; a worker is started when it is wanted. */
export interface WakeScene {
  readonly client: PolluxClient;
  readonly simulator: RunningSimulator;
  readonly secret: string;
  /** Of the receiver. */
  readonly origin: string;
  startWorker(): Promise<void>;
  terminate(jobId: string): Promise<void>;
  close(): Promise<void>;
}

const NO_LIMIT = 100_000;
/** Nothing but a callback ends a task, or has it read. */
const NEVER_MS = 12 * 3_600_000;
const NEVER_SECONDS = 3_600;

export async function openWakeScene(folder: string): Promise<WakeScene> {
  const releases: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    return { ...(await open(folder, releases)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  folder: string,
  releases: (() => Promise<unknown>)[],
): Promise<Omit<WakeScene, 'close'>> {
  const parent = resolve(folder);
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'bench-'));
  releases.push(() => rm(directory, { recursive: true, force: true }));
  const range = [NEVER_MS, NEVER_MS] as const;
  const simulator = await startSimulator({ durationsMs: { image: range, video: range } });
  releases.push(() => simulator.close());
  const { path } = await findTemporalCli();
  const server = await startDevServer({
    cliPath: await writePromptServer(directory, path),
    logFile: join(directory, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
    isDetached: false,
  });
  releases.push(() => server.stop());

  const secret = randomBytes(32).toString('hex');
  const origin = `http://127.0.0.1:${await findFreePort('127.0.0.1')}`;
  const configFile = join(directory, 'pollux.yaml');
  await writeFile(join(directory, 'callback.key'), secret);
  await writeFile(join(directory, 'provider.key'), 'simulated');
  await writeFile(configFile, toConfigText(server.address, simulator, origin));
  const config = loadConfig({ file: configFile, environment: {} });
  const access = await connectTemporal(config);
  releases.push(() => access.close());
  const startCommand = async (name: 'webhooks' | 'worker'): Promise<void> => {
    const logFile = join(directory, `${name}.log`);
    const command = await startChildCommand([name, '--config', configFile], { logFile });
    releases.push(() => command.stop());
  };
  await startCommand('webhooks');
  const { accounts } = createInstallation(config);
  return {
    client: createClient({ temporal: access.temporal, accounts, parseRequest: parseMediaRequest }),
    simulator,
    secret,
    origin,
    startWorker: () => startCommand('worker'),
    terminate: async (jobId) => {
      await access.temporal.workflow.getHandle(`job/${jobId}`).terminate();
    },
  };
}

/** JSON is YAML. */
function toConfigText(
  temporalAddress: string,
  simulator: RunningSimulator,
  origin: string,
): string {
  return JSON.stringify({
    temporal: { address: temporalAddress },
    ledger: { url: 'sqlite:ledger.db' },
    storage: { url: 'file:artifacts' },
    spool: { directory: 'spool' },
    callbacks: {
      publicUrl: origin,
      listen: new URL(origin).host,
      secret: { file: 'callback.key' },
    },
    accounts: {
      [ACCOUNT]: {
        provider: 'rixapi',
        baseUrl: simulator.baseUrls.rixapi,
        apiKey: { file: 'provider.key' },
        allowPrivateHosts: true,
        timing: {
          firstPollSeconds: NEVER_SECONDS,
          minPollSeconds: 0.2,
          maxPollSeconds: NEVER_SECONDS,
        },
        limits: {
          submitsPerMinute: NO_LIMIT,
          pollsPerMinute: NO_LIMIT,
          concurrentTasks: NO_LIMIT,
        },
      },
    },
  });
}
