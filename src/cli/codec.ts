import { Option } from 'commander';
import { ConfigError } from '../core/errors.ts';
import type { Installation } from '../installation.ts';
import type { CodecEndpoint } from '../runtime/codec-endpoint.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { awaitInterruption, say } from './host.ts';
import type { ListenAddress } from './parse-options.ts';
import { collect, toListenAddress } from './parse-options.ts';
import { preferPort } from './ports.ts';
import { loadInstallation } from './session.ts';

interface CodecFlags {
  readonly listen: ListenAddress;
  readonly origin?: readonly string[];
}

const DEFAULT_CODEC_ADDRESS: ListenAddress = { host: '127.0.0.1', port: 8089 };
const DEFAULT_UI_PORT = 8233;

const EXAMPLES = `
Examples:
  $ pollux codec
  $ pollux codec --listen 127.0.0.1:9000 --origin https://temporal.example.org

Tell it to Temporal, whose browser or command line then sends what it wants to show or write:
  UI of a dev server   temporal server start-dev --ui-codec-endpoint http://127.0.0.1:8089
  UI of its own        TEMPORAL_CODEC_ENDPOINT=http://127.0.0.1:8089
  command line         temporal workflow show --workflow-id job/shot-7 --codec-endpoint http://127.0.0.1:8089

\`pollux dev\` serves one by itself where the configuration names keys.
`;

export const registerCodec: RegisterCommand = (program, host) => {
  program
    .command('codec')
    .description('show encrypted payloads in the Temporal UI: decrypts for whoever can reach it')
    .addOption(
      new Option('--listen <host:port>', 'where it listens; port 0 takes a free one')
        .argParser(toListenAddress)
        .default(
          DEFAULT_CODEC_ADDRESS,
          `${DEFAULT_CODEC_ADDRESS.host}:${DEFAULT_CODEC_ADDRESS.port}`,
        ),
    )
    .option(
      '--origin <url>',
      `origin of the UI's pages; repeatable (default: ${uiOrigins(DEFAULT_UI_PORT).join(', ')})`,
      collect,
    )
    .action(async (flags: CodecFlags) => host.exitWith(await serve(host, flags)))
    .addHelpText('after', EXAMPLES);
};

async function serve(host: CommandHost, { listen, origin }: CodecFlags): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  if (!installation.sealer.isSealing) {
    throw new ConfigError(
      'config.invalid',
      `${installation.config.file} names no encryption.keys: nothing is encrypted, so there is nothing to decrypt`,
    );
  }
  const origins = (origin ?? uiOrigins(DEFAULT_UI_PORT)).map(toOrigin);
  const interruption = awaitInterruption(terminal);
  try {
    const endpoint = await openCodecEndpoint(installation, { ...listen, origins });
    if (!endpoint.isPrivate) {
      say(
        terminal,
        `warning: ${listen.host} can be reached from other machines, and whoever reaches it reads every payload; put a proxy with a login before it`,
      );
    }
    say(terminal, `codec ready at ${endpoint.url} for pages of ${origins.join(', ')}`);
    await interruption.happened;
    await endpoint.close();
    return 0;
  } finally {
    interruption.stop();
  }
}

/** The codec beside a UI on this machine, on its usual port if that is free. `config.invalid` for keys that cannot be used. */
export async function openCodecBeside(
  installation: Installation,
  uiPort: number,
): Promise<CodecEndpoint | undefined> {
  if (!installation.sealer.isSealing) return undefined;
  const { host, port } = DEFAULT_CODEC_ADDRESS;
  const address = { host, port: await preferPort(host, port) };
  return await openCodecEndpoint(installation, { ...address, origins: uiOrigins(uiPort) });
}

async function openCodecEndpoint(
  { payloadCodec }: Installation,
  place: ListenAddress & { readonly origins: readonly string[] },
): Promise<CodecEndpoint> {
  const { startCodecEndpoint } = await import('../runtime/codec-endpoint.ts');
  return await startCodecEndpoint({ codec: payloadCodec, ...place });
}

/** Both names under which a browser on this machine opens the UI. */
function uiOrigins(uiPort: number): readonly string[] {
  return [`http://127.0.0.1:${uiPort}`, `http://localhost:${uiPort}`];
}

/** As a browser writes it: no path, no default port. */
function toOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new ConfigError(
      'config.invalid',
      `--origin (${JSON.stringify(text)}): must be an origin such as https://temporal.example.org`,
    );
  }
  return url.origin;
}
