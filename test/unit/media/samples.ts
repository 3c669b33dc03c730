import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { MediaBytes } from '../../../src/core/media.ts';

const FOLDERS = [join(__dirname, '../../fixtures/media'), join(__dirname, 'samples')];

const files = new Map(
  FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => [name, join(folder, name)])),
);
files.delete('README.md');

export const sampleNames: readonly string[] = [...files.keys()];

export function samplePath(name: string): string {
  const path = files.get(name);
  if (path === undefined) throw new Error(`there is no sample ${name}`);
  return path;
}

export function sample(name: string): Buffer {
  return readFileSync(samplePath(name));
}

/** Reads from memory, and counts what it was asked for. */
export function reader(bytes: Uint8Array): MediaBytes & { readonly bytesRead: () => number } {
  let total = 0;
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      const piece = bytes.subarray(offset, offset + length);
      total += piece.length;
      return piece;
    },
    close: async () => undefined,
    bytesRead: () => total,
  };
}
