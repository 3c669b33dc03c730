import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../simulator/index.ts';
import type { LogEntry, RunningSimulator, SimulatorOptions } from '../../simulator/index.ts';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import { startChildCommand } from '../../src/cli/child-command.ts';
import type { DevServer } from '../../src/cli/dev-server.ts';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { ensureSweepSchedule, SWEEP_SCHEDULE_ID } from '../../src/runtime/sweep-schedule.ts';
import {
  connectTemporal,
  createClient,
  createInstallation,
  loadConfig,
  parseMediaRequest,
} from '../../src/index.ts';
import type { PolluxClient, TemporalAccess } from '../../src/index.ts';
import type { WorkerRole } from '../../src/worker.ts';
import type { CommandEnd, RunningCommand } from './command.ts';
import { startCommand } from './command.ts';
import type { AccountSettings } from './config-text.ts';
import { KEY_FILE, toConfigText, toEncryption } from './config-text.ts';
import { writePromptServer } from './prompt-server.ts';

export interface InstallationOptions {
  /** Default: tasks take 0.3 to 0.6 s. */
  readonly simulator?: SimulatorOptions;
  readonly accounts?: Readonly<Record<string, AccountSettings>>;
  /** Keeps workflows in a file, so that the server may be killed and started again. */
  readonly isDurable?: boolean;
  /** Encrypts payloads: ids of keys, which are made. The first one encrypts. */
  readonly encryptionKeys?: readonly string[];
  /** Default: a SQLite file in the directory. */
  readonly ledgerUrl?: string;
  /** Other sections of the configuration, and those that take the place of the usual ones. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

/** A whole Pollux for one test file: simulated providers, a Temporal server, configuration, ledger, artifacts, workers. */
export interface TestInstallation {
  /** Holds the configuration and everything that it names. */
  readonly directory: string;
  readonly configFile: string;
  readonly simulator: RunningSimulator;
  readonly client: PolluxClient;
  readonly access: TemporalAccess;
  readonly ledger: Ledger;
  /** `127.0.0.1:<port>`. */
  readonly temporalAddress: string;
  /** Creates that the providers accepted for a prompt: the truth about what was bought. */
  creates(prompt: string): readonly LogEntry[];
  /** Creates that the providers refused for a prompt. */
  refusals(prompt: string): readonly LogEntry[];
  /** A worker process that serves all queues or those of a role, with this configuration unless another is named. */
  startWorker(
    environment?: Readonly<Record<string, string>>,
    otherConfigFile?: string,
    role?: WorkerRole,
  ): Promise<ChildCommand>;
  startServer(): Promise<void>;
  /** SIGKILL. */
  killServer(): Promise<void>;
  /** Runs `pollux` with this configuration to its end. */
  pollux(...parameters: readonly string[]): Promise<CommandEnd>;
  /** Starts `pollux` with this configuration. */
  begin(...parameters: readonly string[]): RunningCommand;
  /** Replaces the key that workers read with every call. */
  writeKey(key: string): Promise<void>;
  /** Ends every process that was started here, each by its own id, and removes the directory. */
  close(): Promise<void>;
}

const DURATIONS: NonNullable<SimulatorOptions['durationsMs']> = {
  image: [300, 600],
  video: [300, 600],
  synchronous: [50, 100],
};

export async function openInstallation(
  options: InstallationOptions = {},
): Promise<TestInstallation> {
  const releases: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    return await open(options, releases, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: InstallationOptions,
  releases: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<TestInstallation> {
  const directory = await mkdtemp(join(tmpdir(), 'pollux-installation-'));
  releases.push(() => rm(directory, { recursive: true, force: true }));
  const simulator = await startSimulator({ durationsMs: DURATIONS, ...options.simulator });
  releases.push(() => simulator.close());

  const cliPath = await writePromptServer(directory);
  const port = await findFreePort('127.0.0.1');
  let server: DevServer | undefined;
  const startServer = async (): Promise<void> => {
    server = await startDevServer({
      cliPath,
      port,
      logFile: join(directory, 'temporal.log'),
      searchAttributes: SEARCH_ATTRIBUTES,
      isDetached: false,
      ...(options.isDurable === true ? { databaseFile: join(directory, 'temporal.db') } : {}),
    });
  };
  releases.push(async () => server?.kill());
  await startServer();

  const temporalAddress = `127.0.0.1:${port}`;
  const configFile = join(directory, 'pollux.yaml');
  const keyIds = options.encryptionKeys ?? [];
  for (const id of keyIds) {
    const key = randomBytes(32).toString('hex');
    await writeFile(join(directory, `${id}.key`), `${key}\n`, { mode: 0o600 });
  }
  const sections = {
    ...toEncryption(keyIds),
    ...(options.ledgerUrl === undefined ? {} : { ledger: { url: options.ledgerUrl } }),
    ...options.sections,
  };
  await writeFile(
    configFile,
    toConfigText(temporalAddress, simulator.baseUrls, options.accounts, sections),
  );
  const writeKey = (key: string): Promise<void> => writeFile(join(directory, KEY_FILE), `${key}\n`);
  await writeKey('simulated');
  const config = loadConfig({ file: configFile, environment: {} });
  const installation = createInstallation(config);
  const ledger = await installation.openLedger();
  releases.push(() => ledger.close());
  const access = await connectTemporal(config);
  releases.push(() => access.close());
  // A sweep comes when a test asks for it, not when the clock strikes: workers leave a paused schedule paused.
  await ensureSweepSchedule(access.temporal);
  await access.temporal.schedule.getHandle(SWEEP_SCHEDULE_ID).pause('tests sweep by themselves');

  const entries = (kind: LogEntry['kind'], prompt: string): readonly LogEntry[] =>
    simulator.log().filter((entry) => entry.kind === kind && promptOf(entry) === prompt);
  const begin = (...parameters: readonly string[]): RunningCommand => {
    const command = startCommand(['--config', configFile, ...parameters], { cwd: directory });
    releases.push(() => command.kill());
    return command;
  };
  return {
    directory,
    configFile,
    simulator,
    client: createClient({
      temporal: access.temporal,
      accounts: installation.accounts,
      parseRequest: parseMediaRequest,
    }),
    access,
    ledger,
    temporalAddress,
    creates: (prompt) => entries('create', prompt),
    refusals: (prompt) => entries('refused', prompt),
    startWorker: async (environment = {}, otherConfigFile = configFile, role) => {
      const queues = role === undefined ? [] : ['--role', role];
      const worker = await startChildCommand(['worker', '--config', otherConfigFile, ...queues], {
        logFile: join(directory, 'worker.log'),
        environment,
      });
      releases.push(() => worker.kill());
      return worker;
    },
    startServer,
    killServer: async () => server?.kill(),
    pollux: (...parameters) => begin(...parameters).ended,
    begin,
    writeKey,
    close,
  };
}

/** NexusFlow and DieyuYun take the prompt at the top of the body, RixAPI in `input`. */
function promptOf({ body }: LogEntry): unknown {
  const input = body?.['input'] as Readonly<Record<string, unknown>> | undefined;
  return body?.['prompt'] ?? input?.['prompt'];
}
