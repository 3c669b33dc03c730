import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { ConfigError, isMediaJobError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';
import type { RunningWorker } from '../worker.ts';
import { openCodecBeside } from './codec.ts';
import type { DevServer } from './dev-server.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { awaitInterruption, say } from './host.ts';
import { toNumber, toPort } from './parse-options.ts';
import { preferPort } from './ports.ts';
import { openSimulator } from './simulator.ts';
import { writeSimulatorConfig } from './simulator-config.ts';
import { renderFacts } from './table.ts';

interface DevFlags {
  readonly port?: number;
  readonly uiPort: number;
  readonly ui: boolean;
  readonly state: string;
  readonly simulator?: boolean;
  readonly simulatorPort: number;
  readonly speed: number;
}

const DEFAULT_PORT = 7233;
const DEFAULT_CALLBACK_PORT = 8088;
const DEFAULT_NAMESPACE = 'default';

const EXAMPLES = `
Examples:
  $ pollux dev                                    with ./pollux.yaml
  $ pollux dev --simulator                        with three simulated providers; needs no configuration
  $ pollux dev --port 7333 --ui-port 8333 --state /tmp/pollux
`;

export const registerDev: RegisterCommand = (program, host) => {
  program
    .command('dev')
    .description(
      'Temporal dev server with UI, worker and callback receiver in one place; state is kept',
    )
    .option('--port <port>', 'of Temporal (default: the configured one, 7233)', toPort)
    .option('--ui-port <port>', 'of Temporal’s UI', toPort, 8233)
    .option('--no-ui', 'without the UI')
    .option('--state <folder>', 'where the server keeps its state', '.pollux')
    .option('--simulator', 'also start the simulator, and use it instead of the configuration')
    .option('--simulator-port <port>', 'where the simulator listens', toPort, 4010)
    .option('--speed <factor>', 'divides the simulated durations', toNumber, 20)
    .action(async (flags: DevFlags) => host.exitWith(await dev(host, flags)))
    .addHelpText('after', EXAMPLES);
};

type Release = () => Promise<void>;

async function dev(host: CommandHost, flags: DevFlags): Promise<number> {
  const { terminal } = host;
  const releases: Release[] = [];
  const interruption = awaitInterruption(terminal);
  try {
    const worker = await startAll(host, flags, releases);
    await Promise.race([interruption.happened, worker.done]);
    say(terminal, 'stopping');
    return 0;
  } finally {
    // The worker first: it drains while its server still answers.
    for (const release of releases.reverse()) await release();
    interruption.stop();
  }
}

/** Starts everything, in the order in which one needs the other. */
async function startAll(
  host: CommandHost,
  flags: DevFlags,
  releases: Release[],
): Promise<RunningWorker> {
  const { terminal } = host;
  const state = resolve(terminal.cwd, flags.state);
  const configured = flags.simulator === true ? undefined : await loadOrAdvise(host);
  const port = flags.port ?? configuredPort(configured);
  const uiCodecEndpoint = await startCodec(flags, configured, releases);
  const server = await startServer(host, flags, { state, port, configured, uiCodecEndpoint });
  releases.push(() => server.stop());

  const { loadConfig, withTemporalAddress } = await import('../config.ts');
  const config = withTemporalAddress(
    configured ?? loadConfig({ file: await startSimulation(flags, state, server, releases) }),
    server.address,
    configured?.temporal.namespace ?? DEFAULT_NAMESPACE,
  );
  const { startWorker } = await import('../worker.ts');
  const logger = await host.createLogger();
  const worker = await startWorker({ config, logger });
  releases.push(() => worker.stop());
  const callbacksUrl = await startCallbacks(config, logger, releases);

  terminal.stdout.write(
    renderFacts([
      ['Temporal', server.address],
      ['UI', server.uiUrl ?? 'off'],
      ...(uiCodecEndpoint === undefined ? [] : [['codec', uiCodecEndpoint] as const]),
      ...(callbacksUrl === undefined ? [] : [['callbacks', callbacksUrl] as const]),
      ['accounts', [...config.accounts.keys()].join(', ')],
      ['configuration', config.file],
    ]),
  );
  const isElsewhere = configured !== undefined && configuredPort(configured) !== port;
  say(terminal, `ready: in another terminal, ${tryIt(config, terminal.cwd, isElsewhere)}`);
  return worker;
}

async function loadOrAdvise(host: CommandHost): Promise<Config> {
  try {
    return await host.loadConfig();
  } catch (error) {
    if (isMediaJobError(error) && error.details['missingFile'] !== undefined) {
      const advice = '`pollux dev --simulator` needs none: it brings simulated providers.';
      throw new ConfigError('config.invalid', `${error.message}\n${advice}`, { cause: error });
    }
    throw error;
  }
}

function configuredPort(config: Config | undefined): number {
  const match = /^(?:127\.0\.0\.1|localhost):(\d+)$/.exec(config?.temporal.address ?? '');
  return match === null ? DEFAULT_PORT : Number(match[1]);
}

interface ServerPlace {
  readonly state: string;
  readonly port: number;
  readonly configured: Config | undefined;
  readonly uiCodecEndpoint: string | undefined;
}

/** Lets the UI show what the configuration's keys encrypt. Returns where; `undefined` where nothing is encrypted. */
async function startCodec(
  flags: DevFlags,
  configured: Config | undefined,
  releases: Release[],
): Promise<string | undefined> {
  if (configured === undefined || !flags.ui) return undefined;
  const { createInstallation } = await import('../installation.ts');
  const codec = await openCodecBeside(createInstallation(configured), flags.uiPort);
  if (codec === undefined) return undefined;
  releases.push(() => codec.close());
  return codec.url;
}

async function startServer(
  { terminal }: CommandHost,
  flags: DevFlags,
  { state, port, configured, uiCodecEndpoint }: ServerPlace,
): Promise<DevServer> {
  const [{ findTemporalCli }, { startDevServer }] = await Promise.all([
    import('./temporal-cli.ts'),
    import('./dev-server.ts'),
  ]);
  const cli = await findTemporalCli({ environment: terminal.environment });
  say(terminal, `Temporal CLI ${cli.version} from ${cli.source}`);
  await mkdir(state, { recursive: true });
  return startDevServer({
    cliPath: cli.path,
    port,
    uiPort: flags.ui ? flags.uiPort : undefined,
    uiCodecEndpoint,
    databaseFile: join(state, 'temporal.db'),
    namespace: configured?.temporal.namespace ?? DEFAULT_NAMESPACE,
    logFile: join(state, 'temporal.log'),
    searchAttributes: SEARCH_ATTRIBUTES,
  });
}

/** The receiver, where the configuration has a section for it. Returns where it listens. */
async function startCallbacks(
  config: Config,
  logger: Logger,
  releases: Release[],
): Promise<string | undefined> {
  if (config.callbacks === undefined) return undefined;
  const { startWebhooks } = await import('../webhooks.ts');
  const webhooks = await startWebhooks({ config, logger });
  releases.push(() => webhooks.stop());
  return webhooks.url;
}

async function startSimulation(
  { simulatorPort, speed }: DevFlags,
  state: string,
  { address }: DevServer,
  releases: Release[],
): Promise<string> {
  const logFile = join(state, 'simulator.jsonl');
  const simulator = await openSimulator({ port: simulatorPort, speed, logFile });
  releases.push(() => simulator.close());
  const callbackPort = await preferPort('127.0.0.1', DEFAULT_CALLBACK_PORT);
  return writeSimulatorConfig(state, simulator.baseUrls, address, callbackPort);
}

/** A first command for another terminal, with what it needs to find this place. */
function tryIt(config: Config, cwd: string, isElsewhere: boolean): string {
  const isDefault = config.file === resolve(cwd, 'pollux.yaml');
  const from = isDefault ? '' : ` --config ${relative(cwd, config.file) || config.file}`;
  return `${isElsewhere ? `TEMPORAL_ADDRESS=${config.temporal.address} ` : ''}pollux${from} models`;
}
