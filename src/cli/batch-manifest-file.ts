import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { ArtifactStore } from '../core/artifact-store.ts';
import { ConfigError } from '../core/errors.ts';
import { toDestination } from './copy-artifacts.ts';

const CHUNK_BYTES = 1024 * 1024;

/** The path that `--out` names for one file. `config.invalid` where it cannot be one. */
export function toFile(out: string, cwd: string): string {
  const path = toDestination(out, cwd);
  if (!path.endsWith('/') && !(existsSync(path) && statSync(path).isDirectory())) return path;
  throw new ConfigError(
    'config.invalid',
    `--out (${JSON.stringify(out)}): it is a folder; name the file in it`,
  );
}

/** Hands out the bytes of an object, in order. `storage.missing`. */
export async function readObject(
  store: Pick<ArtifactStore, 'open'>,
  key: string,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const source = await store.open(key);
  try {
    for (let offset = 0; offset < source.sizeBytes; offset += CHUNK_BYTES) {
      await take(await source.read(offset, CHUNK_BYTES));
    }
  } finally {
    await source.close();
  }
}

/** Writes a file whose bytes come piece by piece: it appears whole, or not at all. */
export async function writeWhole(
  path: string,
  write: (take: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    const target = await open(temporary, 'wx');
    try {
      await write(async (bytes) => {
        await target.appendFile(bytes);
      });
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
