import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DurationFile } from './make-durations.ts';
import { makeDurations } from './make-durations.ts';

/** The repository: built and unbuilt code lie at different depths below it. */
export function rootFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error('no package.json lies above the benchmark');
    folder = dirname(folder);
  }
  return folder;
}

const FILE = join('bench', 'schedule', 'durations.json');

export async function loadDurations(): Promise<DurationFile> {
  return JSON.parse(await readFile(join(rootFolder(), FILE), 'utf8')) as DurationFile;
}

/** Writes the file anew: the same numbers, unless a law has changed. */
export async function writeDurations(): Promise<void> {
  const { sets, ...head } = makeDurations();
  const rows = sets.map(({ training, measured, ...law }) => {
    const entries = Object.entries(law).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
    const lists = [`"training": [${training.join(', ')}]`, `"measured": [${measured.join(', ')}]`];
    return `{ ${[...entries, ...lists].join(', ')} }`;
  });
  const text = `${JSON.stringify(head).slice(0, -1)}, "sets": [${rows.join(', ')}] }\n`;
  await writeFile(join(rootFolder(), FILE), text);
}
