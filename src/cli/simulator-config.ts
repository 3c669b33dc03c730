import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningSimulator } from '../../simulator/index.ts';

/** Accounts at the simulated providers, as a text for `pollux.yaml`. */
export function toSimulatorConfig(baseUrls: RunningSimulator['baseUrls'], apiKey: string): string {
  const account = (name: string, provider: keyof typeof baseUrls): string => `  ${name}:
    provider: ${provider}
    baseUrl: ${baseUrls[provider]}
    apiKey: ${apiKey}
    allowPrivateHosts: true
    timing: { firstPollSeconds: 2, minPollSeconds: 1, maxPollSeconds: 5 }
    limits: { submitsPerMinute: 600, pollsPerMinute: 600, concurrentTasks: 20 }
`;
  return `accounts:
${account('nexusflow', 'nexusflow')}${account('gateway', 'rixapi')}${account('dieyuyun', 'dieyuyun')}`;
}

/**
 * Writes a configuration of its own for the simulated providers below `directory`, key file included, with ledger,
 * artifacts and spool beside it. Run twice: the second replaces configuration and keys, and keeps the rest.
 * `callbackPort`: where a receiver on this machine takes callbacks; absent: none are asked for.
 */
export async function writeSimulatorConfig(
  directory: string,
  baseUrls: RunningSimulator['baseUrls'],
  temporalAddress: string,
  callbackPort?: number,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'simulator.key'), 'simulated\n');
  const file = join(directory, 'simulator.yaml');
  const text = `temporal: { address: "${temporalAddress}" }
ledger: { url: "sqlite:ledger.db" }
storage: { url: "file:artifacts" }
spool: { directory: spool }
${callbackPort === undefined ? '' : await toCallbacks(directory, callbackPort)}${toSimulatorConfig(baseUrls, '{ file: simulator.key }')}`;
  await writeFile(file, text);
  return file;
}

async function toCallbacks(directory: string, port: number): Promise<string> {
  const secret = randomBytes(32).toString('hex');
  await writeFile(join(directory, 'callback.secret'), `${secret}\n`, { mode: 0o600 });
  const address = `127.0.0.1:${port}`;
  return `callbacks: { publicUrl: "http://${address}", listen: "${address}", secret: { file: callback.secret } }
`;
}
