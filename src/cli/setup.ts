import type { CommandHost, RegisterCommand } from './host.ts';
import { print } from './host.ts';

export const registerSetup: RegisterCommand = (program, host) => {
  program
    .command('setup')
    .description(
      'register the search attributes and the sweep in the Temporal namespace; safe to repeat',
    )
    .action(async () => host.exitWith(await setup(host)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ pollux setup\n  $ TEMPORAL_NAMESPACE=media pollux setup\n',
    );
};

async function setup(host: CommandHost): Promise<number> {
  const config = await host.loadConfig();
  const { connectTemporal } = await import('../runtime/connection.ts');
  const { registerSearchAttributes } = await import('../runtime/search-attributes.ts');
  const { ensureSweepSchedule, SWEEP_SCHEDULE_ID } = await import('../runtime/sweep-schedule.ts');
  const { address, namespace } = config.temporal;
  const access = await connectTemporal(config);
  try {
    const registered = await registerSearchAttributes(access.connection, namespace);
    print(
      host.terminal,
      registered.length === 0
        ? `namespace ${namespace} at ${address} has every search attribute`
        : `registered in namespace ${namespace} at ${address}: ${registered.join(', ')}`,
    );
    const answer = await ensureSweepSchedule(access.temporal);
    print(host.terminal, `schedule ${SWEEP_SCHEDULE_ID} is ${answer}`);
    return 0;
  } finally {
    await access.close();
  }
}
