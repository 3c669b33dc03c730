import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestInstallation } from './installation.ts';

/** Writes a configuration beside the whole one that knows only these accounts, for a worker that serves no others. */
export async function writePartConfig(
  { configFile, directory }: TestInstallation,
  accounts: readonly string[],
): Promise<string> {
  const whole = JSON.parse(await readFile(configFile, 'utf8')) as {
    readonly accounts: Readonly<Record<string, unknown>>;
  };
  const chosen = Object.fromEntries(accounts.map((name) => [name, whole.accounts[name]]));
  const path = join(directory, `pollux-${accounts.join('-')}.yaml`);
  await writeFile(path, JSON.stringify({ ...whole, accounts: chosen }));
  return path;
}
