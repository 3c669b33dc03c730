import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import { ConfigError } from '../core/errors.ts';
import type { SearchAttributeKind } from '../core/search-attributes.ts';
import { endProcess, hasEnded } from './end-process.ts';
import { checkPortIsFree, findFreePort } from './ports.ts';

export interface DevServerOptions {
  /** From {@link findTemporalCli}. */
  readonly cliPath: string;
  /** Port for gRPC on 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** Port of the UI on 127.0.0.1. Absent: no UI. */
  readonly uiPort?: number | undefined;
  /** Where the UI's pages have encrypted payloads decrypted, as a URL. */
  readonly uiCodecEndpoint?: string | undefined;
  /** SQLite file that keeps workflows across restarts; its folder is made. Absent: in memory. */
  readonly databaseFile?: string;
  /** Made if it does not exist. Default: `default`. */
  readonly namespace?: string;
  /** Gets what the server prints; its folder is made. */
  readonly logFile: string;
  /** Registered before the server counts as ready, e.g. `SEARCH_ATTRIBUTES`. */
  readonly searchAttributes: Readonly<Record<string, SearchAttributeKind>>;
  /** How long the server may take to serve, in milliseconds. Default: 60 000. */
  readonly startTimeoutMs?: number;
  /**
   * Default true: Ctrl-C in the terminal does not reach the server, so that workers can drain before `stop`.
   * False: it ends with the terminal's foreground group.
   */
  readonly isDetached?: boolean;
}

export interface DevServer {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly pid: number;
  /** Asks the server to end and waits for it; after 10 s it is killed. Run twice: the second finds it gone. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 1_000;
const RETRY_DELAY_MS = 50;
/** What the log's end says is shown where the server did not start. */
const SHOWN_LOG_CHARACTERS = 1_500;

/** With more partitions a queue's rate limit goes out in bursts; without fairness tenants take no turns (ADR 13). */
const DYNAMIC_CONFIG = [
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'matching.enableFairness=true',
] as const;

/**
 * Starts a Temporal dev server as a child process and resolves once it answers, its namespace exists and every search
 * attribute is registered.
 *
 * Throws `config.invalid` for a port that is taken, `temporal.unavailable` where the server ends or does not serve in
 * time; then no process is left behind.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const port = options.port ?? (await findFreePort(HOST));
  await checkPortIsFree(HOST, port, 'the Temporal dev server');
  if (options.uiPort !== undefined) await checkPortIsFree(HOST, options.uiPort, 'the Temporal UI');
  if (options.databaseFile !== undefined)
    await mkdir(dirname(options.databaseFile), { recursive: true });

  const child = await spawnServer(options, port);
  const server = toDevServer(child, `${HOST}:${port}`, options.uiPort);
  try {
    await waitUntilReady(child, server.address, options);
  } catch (error) {
    await server.kill();
    const log = (await readFile(options.logFile, 'utf8')).slice(-SHOWN_LOG_CHARACTERS).trim();
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      'temporal.unavailable',
      `the Temporal dev server on ${server.address} did not start: ${reason}; its log is ${options.logFile}` +
        (log === '' ? '' : ` and ends with:\n${log}`),
      { details: { address: server.address, logFile: options.logFile }, cause: error },
    );
  }
  return server;
}

async function spawnServer(
  options: DevServerOptions,
  port: number,
): Promise<ChildProcess & { pid: number }> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, 'a');
  try {
    const child = spawn(options.cliPath, toParameters(options, port), {
      stdio: ['ignore', log.fd, log.fd],
      env: withoutTemporalSettings(process.env),
      detached: options.isDetached ?? true,
    });
    await once(child, 'spawn');
    return hasPid(child) ? child : neverSpawned(options.cliPath);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('config.invalid', `${options.cliPath} cannot be run: ${reason}`, {
      cause: error,
    });
  } finally {
    await log.close();
  }
}

function toParameters(options: DevServerOptions, port: number): readonly string[] {
  const parameters = [
    'server',
    'start-dev',
    '--ip',
    HOST,
    '--port',
    String(port),
    '--log-level',
    'warn',
  ];
  if (options.uiPort === undefined) parameters.push('--headless');
  else parameters.push('--ui-port', String(options.uiPort));
  if (options.uiCodecEndpoint !== undefined) {
    parameters.push('--ui-codec-endpoint', options.uiCodecEndpoint);
  }
  if (options.databaseFile !== undefined) {
    parameters.push('--db-filename', options.databaseFile);
    parameters.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL');
  }
  if (options.namespace !== undefined) parameters.push('--namespace', options.namespace);
  for (const setting of DYNAMIC_CONFIG) parameters.push('--dynamic-config-value', setting);
  for (const [name, kind] of Object.entries(options.searchAttributes)) {
    parameters.push('--search-attribute', `${name}=${kind}`);
  }
  return parameters;
}

/** The server's own command line reads `TEMPORAL_*`, too, which is meant for clients. */
function withoutTemporalSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_')),
  );
}

function hasPid(child: ChildProcess): child is ChildProcess & { pid: number } {
  return child.pid !== undefined;
}

function neverSpawned(cliPath: string): never {
  throw new Error(`${cliPath} has no process id`);
}

function toDevServer(
  child: ChildProcess & { pid: number },
  address: string,
  uiPort?: number,
): DevServer {
  return {
    address,
    uiUrl: uiPort === undefined ? undefined : `http://${HOST}:${uiPort}`,
    pid: child.pid,
    stop: () => endProcess(child, 'SIGTERM', STOP_TIMEOUT_MS),
    kill: () => endProcess(child, 'SIGKILL', STOP_TIMEOUT_MS),
  };
}

async function waitUntilReady(
  child: ChildProcess,
  address: string,
  options: DevServerOptions,
): Promise<void> {
  const timeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const deadline = Date.now() + timeoutMs;
  const connection = Connection.lazy({ address });
  try {
    for (;;) {
      if (hasEnded(child))
        throw new Error(`it ended with ${child.signalCode ?? `code ${String(child.exitCode)}`}`);
      const missing = await connection
        .withDeadline(Date.now() + ANSWER_TIMEOUT_MS, () => findMissing(connection, options))
        .catch(() => 'an answer');
      if (missing === undefined) return;
      if (Date.now() >= deadline)
        throw new Error(`after ${timeoutMs / 1000} s it still lacks ${missing}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  } finally {
    await connection.close();
  }
}

/** What a ready server has and this one does not, for a person. Throws while it does not answer. */
async function findMissing(
  connection: Connection,
  options: DevServerOptions,
): Promise<string | undefined> {
  const namespace = options.namespace ?? 'default';
  await connection.workflowService.describeNamespace({ namespace });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.keys(options.searchAttributes).filter(
    (name) => !(name in customAttributes),
  );
  return missing.length === 0 ? undefined : `search attributes ${missing.join(', ')}`;
}
