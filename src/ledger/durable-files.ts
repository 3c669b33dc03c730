import { constants } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import { fileErrorCode } from '../core/file-errors.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Makes a folder of mode 0700 with its parents, and flushes every folder that holds a new name. */
export async function makeDurableFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await flushFolder(dirname(made));
  }
}

/**
 * Writes a new file of mode 0600 and flushes it. A file whose write or flush failed is removed: nobody knows what the
 * disk holds of it, and a second flush would wrongly report success.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, NEW_FILE, FILE_MODE);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeIfThere(path).catch(() => undefined);
    throw error;
  }
}

/** Gives a file its final name. One that cannot have it is removed. */
export async function renameOrRemove(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    await removeIfThere(from).catch(() => undefined);
    throw error;
  }
}

export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (fileErrorCode(error) !== 'ENOENT') throw error;
  }
}
