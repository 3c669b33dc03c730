import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { startBenchProcess } from './bench-process.ts';
import { benchFileStore } from './download/bench-file-store.ts';
import { benchS3Store } from './download/bench-s3-store.ts';
import type { DownloadOptions, Scene } from './download/scene.ts';
import { FigureReport } from './figures.ts';
import type { Report } from './figures.ts';
import { toCount } from './parse-options.ts';
import type { RegisterBench } from './register-bench.ts';
import { MIB, toSizeBytes } from './sizes.ts';

type StoreName = 'file' | 's3';

interface DownloadFlags extends DownloadOptions {
  readonly store?: StoreName;
  readonly folder: string;
  readonly json?: boolean;
}

/** Every store, and the way to measure it. */
const STORES: Readonly<Record<StoreName, (scene: Scene, report: Report) => Promise<void>>> = {
  file: benchFileStore,
  s3: benchS3Store,
};

const HELP = `
For Linux. A server on loopback, a process of its own, makes a whole MP4 as it sends it. Both sides take it in turns.

  file  Pollux: fetched, hashed, checked, flushed, published and recorded. Beside it: curl -o, then sha256sum.
  s3    Pollux: the same, into an S3 server on loopback. Beside it: the AWS SDK's multipart upload of such a file alone.

  download.<store>.ratio                 throughput of Pollux over the other's; median of the pairs
  download.<store>.rss_growth            most memory during a download, over the level after one of 16 MiB
  download.<store>.parallel8.rss_growth  the same for eight downloads of a quarter of the size at once

Examples:
  $ npm run bench -- download
  $ npm run bench -- download --size 256MiB --store file --repeat 1
  $ npm run bench -- download --store file --cpu-prof profiles
`;

export const registerDownload: RegisterBench = (program, exitWith) => {
  program
    .command('download')
    .description('a large file from a loopback server into a store, with hash and check')
    .addOption(
      new Option('--size <bytes>', 'of the file')
        .argParser(toSizeBytes)
        .default(1024 * MIB, '1GiB'),
    )
    .option('--repeat <number>', 'so many pairs', toCount, 3)
    .addOption(new Option('--store <name>', 'only this store').choices(Object.keys(STORES)))
    .option('--folder <path>', 'where the files go meanwhile', '.pollux')
    .option('--cpu-prof <folder>', 'write a CPU profile of our side')
    .option('--json', 'print JSON lines')
    .action(async (flags: DownloadFlags) => {
      const report = new FigureReport(flags.json === true);
      await measure(flags, report);
      exitWith(report.conclude());
    })
    .addHelpText('after', HELP);
};

async function measure(flags: DownloadFlags, report: Report): Promise<void> {
  if (process.platform !== 'linux') throw new Error('memory is read from /proc: measure on Linux');
  const isRequired =
    flags.store !== undefined ||
    process.env['CI'] === 'true' ||
    process.env['POLLUX_REQUIRE_ALL'] === '1';
  const parent = resolve(flags.folder);
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'bench-'));
  const server = await startBenchProcess<object, { readonly origin: string }>(
    './download/file-server.js',
    import.meta.url,
  );
  try {
    const { origin } = await server.ask({});
    const names = flags.store === undefined ? (Object.keys(STORES) as StoreName[]) : [flags.store];
    for (const name of names) {
      await STORES[name]({ folder, origin, options: flags, isRequired }, report);
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
