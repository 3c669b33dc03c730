import { Option } from 'commander';
import type { WorkerRole } from '../worker.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { awaitInterruption, say } from './host.ts';
import { toPort } from './parse-options.ts';

interface WorkerFlags {
  readonly role?: WorkerRole;
  readonly healthPort?: number;
  readonly metricsPort?: number;
}

const ROLES: readonly WorkerRole[] = ['workflows', 'provider', 'transfer'];

export const registerWorker: RegisterCommand = (program, host) => {
  program
    .command('worker')
    .description('serve the task queues until SIGTERM or Ctrl-C')
    .addOption(new Option('--role <role>', 'serve only these queues (default: all)').choices(ROLES))
    .option('--health-port <port>', 'serve GET /health on this loopback port', toPort)
    .option(
      '--metrics-port <port>',
      'serve GET /metrics for Prometheus on this loopback port',
      toPort,
    )
    .action(async (flags: WorkerFlags) => host.exitWith(await work(host, flags)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux worker\n  $ pollux worker --role provider --health-port 8081 --log-json\n',
    );
};

async function work(host: CommandHost, flags: WorkerFlags): Promise<number> {
  const { terminal } = host;
  const config = await host.loadConfig();
  const logger = await host.createLogger();
  const interruption = awaitInterruption(terminal);
  try {
    const { startWorker } = await import('../worker.ts');
    const worker = await startWorker({ config, logger, ...flags });
    const { address, namespace } = config.temporal;
    const role = flags.role === undefined ? 'all queues' : `the queues of role ${flags.role}`;
    say(terminal, `worker ready: serves ${role} of namespace ${namespace} at ${address}`);
    void interruption.happened.then(() => {
      logger.info('stopping: running steps end first; a second signal ends the process at once');
      // What stop meets, done tells.
      return worker.stop().catch(() => undefined);
    });
    await worker.done;
    return 0;
  } finally {
    interruption.stop();
  }
}
