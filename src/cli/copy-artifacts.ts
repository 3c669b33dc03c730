import { createHash, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, extname, join, sep } from 'node:path';
import type { ArtifactStore } from '../core/artifact-store.ts';
import { ConfigError, StorageError } from '../core/errors.ts';
import type { Artifact, JobResult } from '../core/job.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Refuses a destination that could not be written to, before any money is spent. `config.invalid`. */
export function checkDestination(out: string): void {
  if (isFolder(out) || existsSync(dirname(out))) return;
  throw new ConfigError(
    'config.invalid',
    `--out (${JSON.stringify(out)}): its folder does not exist; make it first, or end the path with ${sep} to have it made`,
  );
}

/**
 * Copies a job's artifacts out of the store: to the file `out`, or into it where it is a folder or there are several.
 * A copy appears whole or not at all. Returns the paths. `storage.missing`, `storage.corrupt`.
 */
export async function copyArtifacts(
  store: ArtifactStore,
  { jobId, artifacts }: Pick<JobResult, 'jobId' | 'artifacts'>,
  out: string,
): Promise<readonly string[]> {
  const intoFolder = isFolder(out) || artifacts.length > 1;
  const folder = intoFolder ? out : dirname(out);
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const artifact of artifacts) {
    const name = `${jobId.replace('/', '-')}-${String(artifact.index)}${extname(artifact.key)}`;
    const path = intoFolder ? join(folder, name) : out;
    await copyArtifact(store, artifact, path);
    paths.push(path);
  }
  return paths;
}

async function copyArtifact(store: ArtifactStore, artifact: Artifact, path: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  const source = await store.open(artifact.key);
  try {
    const hash = createHash('sha256');
    const target = await open(temporary, 'wx');
    try {
      for (let offset = 0; offset < source.sizeBytes; offset += CHUNK_BYTES) {
        const bytes = await source.read(offset, CHUNK_BYTES);
        hash.update(bytes);
        await target.writeFile(bytes);
      }
    } finally {
      await target.close();
    }
    if (hash.digest('hex') !== artifact.sha256) {
      throw new StorageError(
        'storage.corrupt',
        `${artifact.key} does not have the SHA-256 that was recorded when it was stored`,
      );
    }
    await rename(temporary, path);
  } finally {
    await source.close();
    await rm(temporary, { force: true });
  }
}

function isFolder(path: string): boolean {
  if (path.endsWith('/') || path.endsWith(sep)) return true;
  return existsSync(path) && statSync(path).isDirectory();
}
