import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const stampFile = join(root, 'dist', '.stamp');

/** All that decides what a build makes. */
const SOURCES = [
  'src',
  'simulator',
  'bench',
  'test/contract/suites',
  'test/installation/s3-server.ts',
  'test/installation/until.ts',
  'scripts/build.mjs',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** Every file below a path, in a fixed order; the path itself where it is a file. */
export function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const names = readdirSync(path).sort();
  return names.flatMap((name) => filesBelow(join(path, name)));
}

/** One hash over names and contents of the sources. */
export function sourceStamp() {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((source) => filesBelow(join(root, source)))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** True where `dist` was made from the sources as they are now. */
export function isBuilt() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sourceStamp();
}
