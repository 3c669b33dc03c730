import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** A text in a file of the built program, and what the other release has in its place. */
export interface Change {
  /** Below `dist`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Copies the built program into a new folder and changes it there; returns the path of its `bin/pollux`. */
export async function makeOtherRelease(
  folder: string,
  changes: readonly Change[],
): Promise<string> {
  await mkdir(folder);
  for (const name of ['bin', 'package.json', 'dist/src', 'dist/workflow-bundle.js']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, from, to } of changes) {
    const path = join(folder, 'dist', file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not hold "${from}"`);
    await writeFile(path, text.replaceAll(from, to));
  }
  return join(folder, 'bin', 'pollux');
}
