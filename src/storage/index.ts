import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ArtifactStore } from '../core/artifact-store.ts';
import { ConfigError } from '../core/errors.ts';
import { parseS3Url } from '../core/s3-url.ts';
import { createFileSystemStore } from './file-system.ts';
import { createS3Store } from './s3.ts';

const FILE = 'file:';
const S3 = 's3:';

export interface ArtifactStoreOptions {
  /** For a store that is not on this machine: the folder that takes the bytes until they are checked. */
  readonly temporaryDirectory?: string | undefined;
}

/** Relative to the working directory. */
const TEMPORARY_DIRECTORY = '.pollux/transfers';

/**
 * The store that a URL names: `file:` with an absolute path, or a path relative to the working directory
 * (`file:.pollux/artifacts`), or `s3://bucket/prefix?…`. Throws `config.invalid` for any other. Nothing is opened or
 * loaded before it is needed.
 */
export function createArtifactStore(
  url: string,
  { temporaryDirectory = TEMPORARY_DIRECTORY }: ArtifactStoreOptions = {},
): ArtifactStore {
  if (url.startsWith(FILE)) return createFileSystemStore({ root: toFolder(url) });
  if (!url.startsWith(S3)) {
    throw invalidUrl('must be file:PATH, e.g. file:.pollux/artifacts, or s3://bucket/prefix');
  }
  const location = parseS3Url(url);
  return createS3Store({ location, temporaryDirectory: resolve(temporaryDirectory) });
}

function toFolder(url: string): string {
  const path = url.slice(FILE.length);
  if (path === '' || path.includes('\0')) throw invalidUrl('must name a folder');
  if (!path.startsWith('//')) return resolve(path);
  try {
    return fileURLToPath(url);
  } catch {
    throw invalidUrl('must be file:///absolute/path or file:relative/path');
  }
}

/** The URL itself stays out of the message: an s3 URL may carry credentials. */
function invalidUrl(rule: string): ConfigError {
  return new ConfigError('config.invalid', `storage.url: ${rule}`, {
    details: { field: 'storage.url' },
  });
}
