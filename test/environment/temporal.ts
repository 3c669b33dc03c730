import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DevServer } from '../../src/cli/dev-server.ts';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { findTemporalCli } from '../../src/cli/temporal-cli.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';

const print = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

let shared: { readonly server: DevServer; readonly directory: string } | undefined;

/**
 * One Temporal dev server for all tests of the project `server`, and a build that is up to date. What the tests read:
 * POLLUX_TEST_TEMPORAL_ADDRESS and POLLUX_TEST_TEMPORAL_CLI (path).
 */
export async function startShared(): Promise<void> {
  buildIfStale();
  const cli = await findTemporalCli({ log: print });
  const directory = await mkdtemp(join(tmpdir(), 'pollux-test-'));
  const server = await startDevServer({
    cliPath: cli.path,
    logFile: join(directory, 'temporal.log'),
    databaseFile: join(directory, 'temporal.db'),
    searchAttributes: SEARCH_ATTRIBUTES,
    isDetached: false,
  });
  shared = { server, directory };
  print(`Temporal ${cli.version} from ${cli.source} serves the tests on ${server.address}`);
  process.env['POLLUX_TEST_TEMPORAL_ADDRESS'] = server.address;
  process.env['POLLUX_TEST_TEMPORAL_CLI'] = cli.path;
}

/** Ends exactly the server that {@link startShared} started. */
export async function stopShared(): Promise<void> {
  await shared?.server.stop();
  if (shared !== undefined) await rm(shared.directory, { recursive: true, force: true });
  shared = undefined;
}

/** Workers load the built workflow bundle, and faults kill built commands: both must be made from today's sources. */
function buildIfStale(): void {
  const { status } = spawnSync(
    process.execPath,
    ['scripts/build.mjs', '--if-stale', '--keep-schema'],
    {
      stdio: 'inherit',
    },
  );
  if (status === 0) return;
  const line = 'THE BUILD FAILED: tests that need dist run against the last one that succeeded';
  if (isEverythingRequired()) throw new Error(line);
  print(line);
}

/** True in CI: what cannot run is a failure there. */
function isEverythingRequired(): boolean {
  return process.env['CI'] === 'true' || process.env['POLLUX_REQUIRE_ALL'] === '1';
}
