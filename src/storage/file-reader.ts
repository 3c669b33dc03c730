import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import { storing } from '../core/file-errors.ts';
import type { ByteReader } from '../core/media.ts';

const CHUNK_BYTES = 256 * 1024;

/** At most `length` bytes from `offset`; fewer only at the end. */
export async function readAt(
  file: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  return fillFrom(file, offset, new Uint8Array(length));
}

/** Reads from `offset` into `bytes`, and returns the part of it that was filled: all of it, except at the end. */
export async function fillFrom(
  file: FileHandle,
  offset: number,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Random access to an open file, which is closed with it. */
export function createFileReader(file: FileHandle, sizeBytes: number): ByteReader {
  return {
    sizeBytes,
    read: (offset, length) => {
      const available = Math.max(0, Math.min(length, sizeBytes - offset));
      return storing('reading an object', () => readAt(file, offset, available));
    },
    close: () => file.close(),
  };
}

/** Hex. */
export async function hashFile(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for (let offset = 0; ;) {
    const bytes = await readAt(file, offset, CHUNK_BYTES);
    if (bytes.length === 0) return hash.digest('hex');
    hash.update(bytes);
    offset += bytes.length;
  }
}
