import { Command, CommanderError } from 'commander';
import { registerArtifacts } from './artifacts.ts';
import { registerAudit } from './audit.ts';
import { registerBatch } from './batch.ts';
import { registerCodec } from './codec.ts';
import { registerDemo } from './demo-command.ts';
import { registerDev } from './dev.ts';
import { registerDoctor } from './doctor.ts';
import type { RegisterCommand } from './host.ts';
import { createHost } from './host.ts';
import { registerJobs } from './jobs.ts';
import { registerLedger } from './ledger.ts';
import { registerModels } from './models.ts';
import { registerMoney } from './money.ts';
import { reportError } from './report-error.ts';
import { registerRun } from './run.ts';
import { registerSetup } from './setup.ts';
import { registerSimulator } from './simulator.ts';
import { registerSweep } from './sweep.ts';
import type { Terminal } from './terminal.ts';
import { systemTerminal } from './terminal.ts';
import { readVersion } from './version.ts';
import { registerWebhooks } from './webhooks.ts';
import { registerWorker } from './worker.ts';

/** In the order of `pollux --help`. */
const COMMANDS: readonly RegisterCommand[] = [
  registerRun,
  registerJobs,
  registerBatch,
  registerArtifacts,
  registerMoney,
  registerModels,
  registerDemo,
  registerDev,
  registerWorker,
  registerWebhooks,
  registerSetup,
  registerDoctor,
  registerSweep,
  registerAudit,
  registerLedger,
  registerCodec,
  registerSimulator,
];

const USAGE_EXIT_CODE = 2;

const EPILOGUE = `
Exit codes: 0 done, 1 job failed or audit violation, 2 usage, configuration or invalid request, 3 held or needs a person,
4 a dependency is away, 130 interrupted (the job goes on).

Examples:
  $ pollux demo                                   see it work, offline
  $ pollux dev --simulator                        a playground: Temporal, worker and simulated providers
  $ pollux run nexusflow/wan2.6-t2v --prompt "A harbour at dawn" --duration-seconds 5
`;

/**
 * Runs one command line, without the program's name, and resolves with the exit code. Never throws: every error is one
 * message on stderr.
 */
export async function main(
  argv: readonly string[],
  terminal: Terminal = systemTerminal(),
): Promise<number> {
  let exitCode = 0;
  const program = createProgram(terminal);
  const host = createHost(program, terminal, (code) => (exitCode = code));
  for (const register of COMMANDS) register(program, host);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said its own errors already. Help and version that were asked for end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    return reportError(error, terminal);
  }
}

function createProgram(terminal: Terminal): Command {
  return new Command('pollux')
    .description('Paid image and video generation jobs that are never lost and never bought twice.')
    .version(readVersion(), '-V, --version', 'print the version')
    .option('-c, --config <file>', 'configuration (default: POLLUX_CONFIG, else ./pollux.yaml)')
    .option('--verbose', 'log details, too')
    .option('--log-json', 'log JSON lines')
    .helpCommand(true)
    .addHelpText('after', EPILOGUE)
    .showHelpAfterError('(--help shows how it is used)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns,
      getErrHelpWidth: () => terminal.stderr.columns,
    })
    .exitOverride();
}
