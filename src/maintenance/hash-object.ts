import { createHash } from 'node:crypto';
import type { ByteReader } from '../core/media.ts';

const CHUNK_BYTES = 1024 * 1024;

/** SHA-256 of a whole object, hex. Throws what reading throws, and the signal's reason when it fires. */
export async function hashObject(reader: ByteReader, signal: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  for (let offset = 0; offset < reader.sizeBytes; offset += CHUNK_BYTES) {
    signal.throwIfAborted();
    digest.update(await reader.read(offset, CHUNK_BYTES));
  }
  return digest.digest('hex');
}
