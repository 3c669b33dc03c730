import { spawnSync } from 'node:child_process';
import { findTemporalCli } from '../../src/cli/temporal-cli.ts';

const print = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/**
 * What the tests of the project `server` need: a build that is up to date, and the Temporal CLI, whose path they read
 * from POLLUX_TEST_TEMPORAL_CLI. Each file starts a server of its own: a worker of another file on the shared queue
 * `pollux` would take its jobs into another ledger.
 */
export default async function prepare(): Promise<void> {
  buildIfStale();
  const cli = await findTemporalCli({ log: print });
  print(`tests with a server use Temporal CLI ${cli.version} from ${cli.source}`);
  process.env['POLLUX_TEST_TEMPORAL_CLI'] = cli.path;
}

/** Workers load the built workflow bundle, and faults kill built commands: both must be made from today's sources. */
function buildIfStale(): void {
  const parameters = ['scripts/build.mjs', '--if-stale', '--keep-schema'];
  const { status } = spawnSync(process.execPath, parameters, { stdio: 'inherit' });
  if (status === 0) return;
  const line = 'THE BUILD FAILED: tests that need dist run against the last one that succeeded';
  if (isEverythingRequired()) throw new Error(line);
  print(line);
}

/** True in CI: what cannot run is a failure there. */
function isEverythingRequired(): boolean {
  return process.env['CI'] === 'true' || process.env['POLLUX_REQUIRE_ALL'] === '1';
}
