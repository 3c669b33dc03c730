import { Option } from 'commander';
import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import type { RunningSimulator, SimulatorOptions } from '../../simulator/index.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { awaitInterruption, print, printJson, say } from './host.ts';
import { toNumber, toPort, toWholeNumber } from './parse-options.ts';
import { toSimulatorConfig } from './simulator-config.ts';

interface SimulatorFlags {
  readonly port: number;
  readonly host: string;
  readonly seed?: number;
  readonly speed?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
  readonly currency?: 'USD' | 'CNY';
  readonly log?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ pollux simulator --speed 30
  $ pollux simulator --port 4020 --seed 7 --min-ms 500 --max-ms 2000 --log creates.jsonl

Faults are switched with POST /admin/faults; GET /admin/log and GET /admin/summary tell what happened.
`;

export const registerSimulator: RegisterCommand = (program, host) => {
  program
    .command('simulator')
    .description('the three providers, simulated, to try things out; bills nobody')
    .option('--port <port>', 'where it listens; 0 takes a free port', toPort, 4010)
    .option('--host <host>', 'the address it listens on', '127.0.0.1')
    .option('--seed <number>', 'decides how long each task takes', toWholeNumber)
    .option('--speed <factor>', 'divides all durations', toNumber)
    .option('--min-ms <ms>', 'shortest task, instead of the documented durations', toWholeNumber)
    .option('--max-ms <ms>', 'longest task', toWholeNumber)
    .addOption(
      new Option('--currency <code>', 'price list of the NexusFlow site').choices(['USD', 'CNY']),
    )
    .option('--log <file>', 'append every call to this file, as JSON lines')
    .option('--json', 'print the base URLs as one JSON document')
    .action(async (flags: SimulatorFlags) => host.exitWith(await simulate(host, flags)))
    .addHelpText('after', EXAMPLES);
};

async function simulate({ terminal }: CommandHost, flags: SimulatorFlags): Promise<number> {
  const interruption = awaitInterruption(terminal);
  try {
    const simulator = await openSimulator(toOptions(flags, terminal.cwd));
    const { url, port, baseUrls } = simulator;
    if (flags.json === true) {
      printJson(terminal, { url, port, baseUrls });
    } else {
      print(terminal, `# pollux.yaml for these providers; any key is accepted\n`);
      print(terminal, toSimulatorConfig(baseUrls, '{ env: SIMULATOR_KEY }'));
    }
    say(terminal, `simulator ready at ${url}`);
    await interruption.happened;
    await simulator.close();
    return 0;
  } finally {
    interruption.stop();
  }
}

/** Throws `config.invalid` for options that cannot be meant; a port in use as node tells it. */
export async function openSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const { startSimulator } = await import('../../simulator/index.ts');
  try {
    return await startSimulator(options);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ConfigError('config.invalid', error.message, { cause: error });
    }
    throw error;
  }
}

function toOptions(flags: SimulatorFlags, cwd: string): SimulatorOptions {
  const { port, host, seed, speed, currency, log } = flags;
  return {
    port,
    host,
    ...(seed === undefined ? {} : { seed }),
    ...(speed === undefined ? {} : { speed }),
    ...(currency === undefined ? {} : { currency }),
    ...(log === undefined ? {} : { logFile: resolve(cwd, log) }),
    ...toDurations(flags),
  };
}

function toDurations({ minMs, maxMs }: SimulatorFlags): Pick<SimulatorOptions, 'durationsMs'> {
  const shortest = minMs ?? maxMs;
  const longest = maxMs ?? minMs;
  if (shortest === undefined || longest === undefined) return {};
  if (shortest > longest) {
    throw new ConfigError(
      'config.invalid',
      `--min-ms (${String(shortest)}): must be at most --max-ms, which is ${String(longest)}`,
    );
  }
  const range = [shortest, longest] as const;
  return { durationsMs: { image: range, video: range, synchronous: range } };
}
