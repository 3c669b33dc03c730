import type { CommandHost, RegisterCommand } from './host.ts';
import { awaitInterruption, say } from './host.ts';
import type { ListenAddress } from './parse-options.ts';
import { toListenAddress } from './parse-options.ts';

interface WebhooksFlags {
  readonly listen?: ListenAddress;
}

const HELP = `
Needs the section callbacks of the configuration. Providers are then told to announce changes at callbacks.publicUrl; a proxy that ends
TLS passes what comes there to this receiver. A callback only wakes its job, which asks the provider itself. While the
receiver is away, jobs are polled as if there were none.

GET /health answers 200.

Examples:
  $ pollux webhooks
  $ pollux webhooks --listen 127.0.0.1:9000 --log-json
`;

export const registerWebhooks: RegisterCommand = (program, host) => {
  program
    .command('webhooks')
    .description('receive callbacks of providers until SIGTERM or Ctrl-C')
    .option(
      '--listen <host:port>',
      'where it listens (default: callbacks.listen, 127.0.0.1:8088); port 0 takes a free one',
      toListenAddress,
    )
    .action(async (flags: WebhooksFlags) => host.exitWith(await serve(host, flags)))
    .addHelpText('after', HELP);
};

async function serve(host: CommandHost, { listen }: WebhooksFlags): Promise<number> {
  const { terminal } = host;
  const config = await host.loadConfig();
  const logger = await host.createLogger();
  const interruption = awaitInterruption(terminal);
  try {
    const { startWebhooks } = await import('../webhooks.ts');
    const webhooks = await startWebhooks({ config, logger, listen });
    say(terminal, `webhooks ready at ${webhooks.url} for ${config.callbacks?.publicUrl ?? ''}`);
    await interruption.happened;
    logger.info('stopping: running requests end first; a second signal ends the process at once');
    await webhooks.stop();
    return 0;
  } finally {
    interruption.stop();
  }
}
