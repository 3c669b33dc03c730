import { link, lstat, open, rename, unlink } from 'node:fs/promises';

import { fileErrorCode } from '../core/file-errors.ts';
import { orAbsent } from './folder-entries.ts';

/** What a file system without hard links answers. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

export interface PlaceFileOptions {
  readonly from: string;
  readonly to: string;
  /** A path that all who place a file at `to` agree on, for file systems without hard links. */
  readonly claim: string;
  readonly makeLink?: (from: string, to: string) => Promise<void>;
}

/**
 * Gives a finished file its final name, whole at once, and never takes the place of another: `false` where one is
 * there. The file may keep its first name, too.
 *
 * Without hard links a rename does it, which would replace silently; so whoever places holds a claim, made by one
 * only, while it looks and renames. A claim that a crash left behind gives EEXIST until the store is swept.
 */
export async function placeFile(options: PlaceFileOptions): Promise<boolean> {
  const { from, to, makeLink = link } = options;
  try {
    await makeLink(from, to);
    return true;
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === 'EEXIST') return false;
    if (code === undefined || !NO_LINKS.has(code)) throw error;
    return renameUnderClaim(options);
  }
}

async function renameUnderClaim({ from, to, claim }: PlaceFileOptions): Promise<boolean> {
  await (await open(claim, 'wx', 0o600)).close();
  try {
    if ((await orAbsent(lstat(to))) !== undefined) return false;
    await rename(from, to);
    return true;
  } finally {
    await unlink(claim);
  }
}
