import type { Dirent } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, opendir } from 'node:fs/promises';

import { isAbsent } from '../core/file-errors.ts';

/** The entries of a folder; none where there is no folder. */
export async function* readFolder(path: string): AsyncIterable<Dirent> {
  const folder = await orAbsent(opendir(path));
  if (folder !== undefined) yield* folder;
}

/** Whole milliseconds since 1970, as the clock counts them; now for what is gone meanwhile. */
export async function modifiedAtMs(path: string): Promise<number> {
  return Math.floor((await orAbsent(lstat(path)))?.mtimeMs ?? Date.now());
}

export async function openIfThere(path: string, flags: number): Promise<FileHandle | undefined> {
  return orAbsent(open(path, flags));
}

/** `undefined` for what is not there. */
export async function orAbsent<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
