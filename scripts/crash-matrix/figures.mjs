// Figures that tests leave behind: JSON lines { name, value, unit }.
import { existsSync, readFileSync } from 'node:fs';

export function readFigures(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
