import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ArtifactStore } from '../core/artifact-store.ts';
import { ConfigError } from '../core/errors.ts';
import { createFileSystemStore } from './file-system.ts';

const FILE = 'file:';

/**
 * The store that a URL names: `file:` with an absolute path, or a path relative to the working directory
 * (`file:.pollux/artifacts`). Throws `config.invalid` for any other.
 */
export function createArtifactStore(url: string): ArtifactStore {
  if (url.startsWith(FILE)) return createFileSystemStore({ root: toFolder(url) });
  const isS3 = url.startsWith('s3:');
  throw invalidUrl(
    isS3
      ? 'S3 stores come with a later release; use file:PATH, on a mounted volume where hosts must share it'
      : 'must be file:PATH, e.g. file:.pollux/artifacts',
  );
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
