import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCliCache, findTemporalCli } from '../../../src/cli/temporal-cli.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pollux-cli-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A program that answers `--version`; returns the folder it lies in. */
async function install(folder: string, answer: string): Promise<string> {
  const path = join(directory, folder);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'temporal'), `#!/bin/sh\necho '${answer}'\n`);
  await chmod(join(path, 'temporal'), 0o755);
  return path;
}

const version = (text: string): string => `temporal version ${text} (Server 1.32.0, UI 2.54.1)`;

describe('finding the Temporal CLI', () => {
  it('takes the one that POLLUX_TEMPORAL_CLI names before the one on PATH', async () => {
    const named = await install('named', version('1.8.0'));
    const onPath = await install('path', version('1.9.1'));

    const cli = await findTemporalCli({
      cacheDirectory: join(directory, 'cache'),
      environment: { POLLUX_TEMPORAL_CLI: join(named, 'temporal'), PATH: onPath },
    });

    expect(cli).toEqual({
      path: join(named, 'temporal'),
      source: 'POLLUX_TEMPORAL_CLI',
      version: '1.8.0',
    });
  });

  it('passes over what is too old or no Temporal CLI, says why, and takes the cached one', async () => {
    const named = await install('named', 'something else');
    const onPath = await install('path', version('1.5.1'));
    const cacheDirectory = await install('cache', version('2.0.0'));
    const lines: string[] = [];

    const cli = await findTemporalCli({
      cacheDirectory,
      log: (line) => lines.push(line),
      environment: { POLLUX_TEMPORAL_CLI: join(named, 'temporal'), PATH: onPath },
    });

    expect(cli).toMatchObject({ path: join(cacheDirectory, 'temporal'), version: '2.0.0' });
    expect(lines).toEqual([
      expect.stringContaining('does not answer --version as a Temporal CLI does'),
      expect.stringContaining('is version 1.5.1; 1.8 or later is needed'),
    ]);
  });

  it('keeps what it fetches where POLLUX_CACHE says', () => {
    const cache = defaultCliCache({ POLLUX_CACHE: directory });

    expect(cache).toBe(join(directory, 'temporal-cli'));
  });
});
