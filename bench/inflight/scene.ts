import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import { startChildCommand } from '../../src/cli/child-command.ts';
import { startDevServer } from '../../src/cli/dev-server.ts';
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
import { openBelow } from '../bench-scene.ts';
import type { Closable, Release } from '../bench-scene.ts';
import type { InflightPlan } from './plan.ts';
import { ProviderLog } from './provider-log.ts';

/** As in Dockerfile and docker-compose.yml. */
const PRODUCTION = {
  MALLOC_ARENA_MAX: '2',
  NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=400',
};

/** Simulator, Temporal server and client; workers are started one after the other. */
export interface Scene extends Closable {
  readonly client: PolluxClient;
  readonly provider: ProviderLog;
  /** A process as `pollux worker` starts it. */
  startWorker(): Promise<ChildCommand>;
}

/** Longer than any run: every task waits. */
const TASK_MS = 12 * 3_600_000;
const NO_LIMIT = 100_000;

export async function openScene(plan: InflightPlan, folder: string): Promise<Scene> {
  return await openBelow(folder, (directory, releases) => open(plan, directory, releases));
}

async function open(
  plan: InflightPlan,
  directory: string,
  releases: Release[],
): Promise<Omit<Scene, 'close'>> {
  const callLog = join(directory, 'calls.jsonl');
  const duration = String(TASK_MS);
  const simulator = await startChildCommand(
    ['simulator', '--port', '0', '--min-ms', duration, '--max-ms', duration, '--log', callLog],
    { logFile: join(directory, 'simulator.log') },
  );
  releases.push(() => simulator.stop());
  const provider = await ProviderLog.open(callLog);
  releases.push(() => provider.close());

  const { path } = await findTemporalCli();
  const server = await startDevServer({
    cliPath: path,
    logFile: join(directory, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  releases.push(() => server.stop());

  const configFile = join(directory, 'pollux.yaml');
  await writeFile(configFile, toConfigText(plan, server.address, urlOf(simulator)));
  const config = loadConfig({ file: configFile, environment: {} });
  const access = await connectTemporal(config);
  releases.push(() => access.close());
  const { accounts } = createInstallation(config);
  return {
    client: createClient({
      temporal: access.temporal,
      accounts,
      parseRequest: parseMediaRequest,
    }),
    provider,
    startWorker: async () => {
      const worker = await startChildCommand(['worker', '--config', configFile], {
        logFile: join(directory, 'worker.log'),
        environment: { SIMULATED_KEY: 'simulated', ...PRODUCTION },
      });
      releases.push(() => worker.kill());
      return worker;
    },
  };
}

function urlOf(simulator: ChildCommand): string {
  const url = /ready at (http:\S+)/.exec(simulator.output())?.[1];
  if (url === undefined) throw new Error('the simulator did not say where it listens');
  return url;
}

/** Submissions are bound by nothing, readings by the interval and the budget. JSON is YAML. */
function toConfigText(plan: InflightPlan, temporalAddress: string, simulatorUrl: string): string {
  const { intervalSeconds, jobs, pollsPerMinute } = plan;
  return JSON.stringify({
    temporal: { address: temporalAddress },
    ledger: { url: 'sqlite:ledger.db' },
    storage: { url: 'file:artifacts' },
    spool: { directory: 'spool' },
    accounts: {
      simulated: {
        provider: 'nexusflow',
        baseUrl: `${simulatorUrl}/nexusflow`,
        apiKey: { env: 'SIMULATED_KEY' },
        allowPrivateHosts: true,
        timing: {
          firstPollSeconds: intervalSeconds,
          minPollSeconds: intervalSeconds,
          maxPollSeconds: intervalSeconds,
        },
        limits: { submitsPerMinute: NO_LIMIT, pollsPerMinute, concurrentTasks: jobs },
      },
    },
  });
}
