import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { fileErrorCode } from '../core/file-errors.ts';

/** Makes a folder and its parents, and flushes every folder that got a new name, so that they outlive a power loss. */
export async function makeDurableFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    await makeDurableFolder(dirname(path), mode);
    await makeDurableFolder(path, mode);
    return;
  }
  await flushFolder(dirname(path));
}

export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
