import type { ByteSource } from './byte-source.ts';
import type { Broken } from './findings.ts';
import { broken, checkEnd } from './findings.ts';

export interface Chunk {
  readonly name: string;
  /** First byte after the chunk's head. */
  readonly offset: number;
  readonly sizeBytes: number;
}

const FORM_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;

/** The chunks of a RIFF file, if its size field agrees with the file and the chunks fill it. */
export async function readChunks(source: ByteSource): Promise<readonly Chunk[] | Broken> {
  const head = await source.look(0, FORM_BYTES);
  if (head === undefined) return broken('truncated', 'the file ends inside its header');
  const wrongEnd = checkEnd('the file by its header', 8 + head.uint32le(4), source.sizeBytes);
  if (wrongEnd !== undefined) return wrongEnd;

  const chunks: Chunk[] = [];
  for (let offset = FORM_BYTES; offset < source.sizeBytes;) {
    const chunk = await source.look(offset, CHUNK_HEAD_BYTES);
    const sizeBytes = chunk?.uint32le(4) ?? 0;
    const end = offset + CHUNK_HEAD_BYTES + sizeBytes;
    if (chunk === undefined || end > source.sizeBytes) {
      return broken('corrupt', `the chunk at byte ${String(offset)} goes beyond the file`);
    }
    chunks.push({ name: chunk.text(0, 4), offset: offset + CHUNK_HEAD_BYTES, sizeBytes });
    offset = end + (sizeBytes % 2);
  }
  return chunks;
}

export function isBroken(chunks: readonly Chunk[] | Broken): chunks is Broken {
  return 'outcome' in chunks;
}
