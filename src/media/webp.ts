import type { MediaInspection } from '../core/media.ts';
import type { ByteSource, Look } from './byte-source.ts';
import { broken, whole } from './findings.ts';
import { isBroken, readChunks } from './riff.ts';

const LABEL = { kind: 'image', mediaType: 'image/webp', extension: 'webp' } as const;
const HEAD_BYTES = 10;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where each kind of first chunk keeps the size of the canvas (RFC 9649). */
const SIZES: Readonly<Record<string, (head: Look) => Size>> = {
  'VP8 ': (head) => ({
    width: head.uint16le(6) & 0x3fff,
    height: head.uint16le(8) & 0x3fff,
  }),
  VP8L: (head) => {
    const bits = head.uint32le(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  },
  VP8X: (head) => ({ width: head.uint24le(4) + 1, height: head.uint24le(7) + 1 }),
};

const IMAGE_DATA = new Set(['VP8 ', 'VP8L', 'ANMF']);

export async function inspectWebp(source: ByteSource): Promise<MediaInspection> {
  const chunks = await readChunks(source);
  if (isBroken(chunks)) return chunks;
  const first = chunks[0];
  const readSize = first === undefined ? undefined : SIZES[first.name];
  const head = first === undefined ? undefined : await source.look(first.offset, HEAD_BYTES);
  const hasImage = chunks.some((chunk) => IMAGE_DATA.has(chunk.name));
  if (readSize === undefined || head === undefined || !hasImage) {
    return broken('corrupt', 'there is no image chunk');
  }
  return whole(LABEL, readSize(head));
}
