import { createHash, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, extname, join, resolve, sep } from 'node:path';
import type { ArtifactStore } from '../core/artifact-store.ts';
import { ConfigError, RequestError, StorageError } from '../core/errors.ts';
import { fileErrorCode } from '../core/file-errors.ts';
import type { Artifact, JobResult } from '../core/job.ts';

export interface CopyOptions {
  /** True: files that are there are replaced. False: they are `request.invalid`. Default true. */
  readonly replaces?: boolean;
  readonly signal?: AbortSignal;
  /** Told how many more bytes of an artifact were read. */
  readonly onRead?: (bytes: number, artifact: Artifact) => void;
}

const CHUNK_BYTES = 1024 * 1024;
const NEVER = new AbortController().signal;

/** The path that `--out` names; a folder keeps its last separator, which has it made. `config.invalid` as {@link checkDestination}. */
export function toDestination(out: string, cwd: string): string {
  const path = resolve(cwd, out) + (out.endsWith('/') ? '/' : '');
  checkDestination(path);
  return path;
}

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
 * A copy appears whole or not at all. Returns the paths, in the order of the artifacts. `storage.missing`,
 * `storage.corrupt`, `request.invalid`.
 */
export async function copyArtifacts(
  store: Pick<ArtifactStore, 'open'>,
  { jobId, artifacts }: Pick<JobResult, 'jobId' | 'artifacts'>,
  out: string,
  options: CopyOptions = {},
): Promise<readonly string[]> {
  const intoFolder = isFolder(out) || artifacts.length > 1;
  const folder = intoFolder ? out : dirname(out);
  const places = artifacts.map((artifact) => {
    const name = `${jobId.replace('/', '-')}-${String(artifact.index)}${extname(artifact.key)}`;
    return { artifact, path: intoFolder ? join(folder, name) : out };
  });
  if (options.replaces === false) {
    const taken = places.find(({ path }) => existsSync(path));
    if (taken !== undefined) throw isTaken(taken.path);
  }
  await mkdir(folder, { recursive: true });
  for (const { artifact, path } of places) await copyArtifact(store, artifact, path, options);
  return places.map(({ path }) => path);
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly take: (bytes: Uint8Array) => Promise<void>;
}

/** Hands out the bytes of an artifact, in order. `storage.corrupt` where they are not those that were recorded. */
export async function readVerified(
  store: Pick<ArtifactStore, 'open'>,
  { key, sizeBytes, sha256 }: Artifact,
  { signal, take }: ReadOptions,
): Promise<void> {
  const source = await store.open(key);
  try {
    if (source.sizeBytes !== sizeBytes) {
      throw corrupt(`${key} has ${source.sizeBytes} bytes, and ${sizeBytes} are recorded`);
    }
    const hash = createHash('sha256');
    for (let offset = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
      signal.throwIfAborted();
      const bytes = await source.read(offset, CHUNK_BYTES);
      hash.update(bytes);
      await take(bytes);
    }
    if (hash.digest('hex') === sha256) return;
    throw corrupt(`${key} does not have the SHA-256 that was recorded when it was stored`);
  } finally {
    await source.close();
  }
}

async function copyArtifact(
  store: Pick<ArtifactStore, 'open'>,
  artifact: Artifact,
  path: string,
  { replaces = true, signal = NEVER, onRead }: CopyOptions,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    const target = await open(temporary, 'wx');
    try {
      await readVerified(store, artifact, {
        signal,
        take: async (bytes) => {
          await target.writeFile(bytes);
          onRead?.(bytes.length, artifact);
        },
      });
      await target.sync();
    } finally {
      await target.close();
    }
    if (replaces) await rename(temporary, path);
    else await placeBeside(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Gives a file its name without taking the place of another, also of one that came meanwhile. */
async function placeBeside(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (fileErrorCode(error) === 'EEXIST' || existsSync(path)) throw isTaken(path);
    // A file system without hard links.
    await rename(temporary, path);
  }
}

function isTaken(path: string): RequestError {
  return new RequestError(
    'request.invalid',
    `${path} is there already; --force replaces it, --out names another place`,
  );
}

function corrupt(message: string): StorageError {
  return new StorageError('storage.corrupt', `${message}; \`pollux artifacts verify\` tells more`);
}

function isFolder(path: string): boolean {
  if (path.endsWith('/') || path.endsWith(sep)) return true;
  return existsSync(path) && statSync(path).isDirectory();
}
