import type { MediaInspection } from '../core/media.ts';
import type { ByteSource } from './byte-source.ts';
import { broken, checkEnd, whole } from './findings.ts';

const LABEL = { kind: 'image', mediaType: 'image/gif', extension: 'gif' } as const;
const HEADER_BYTES = 13;
const IMAGE_HEAD_BYTES = 10;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const CUT = broken('truncated', 'the file ends before its trailer');

/** GIF (89a): blocks up to the trailer, which is the last byte. */
export async function inspectGif(source: ByteSource): Promise<MediaInspection> {
  const header = await source.look(0, HEADER_BYTES);
  if (header === undefined) return CUT;
  const size = { width: header.uint16le(6), height: header.uint16le(8) };
  let hasImage = false;
  for (let offset = HEADER_BYTES + paletteBytes(header.uint8(10)); ;) {
    const kind = (await source.look(offset, 1))?.uint8(0);
    let next: number | undefined;
    if (kind === TRAILER) {
      if (!hasImage) return broken('corrupt', 'there is no image');
      return checkEnd('the image', offset + 1, source.sizeBytes) ?? whole(LABEL, size);
    } else if (kind === EXTENSION) {
      next = await skipSubBlocks(source, offset + 2);
    } else if (kind === IMAGE) {
      hasImage = true;
      const flags = (await source.look(offset, IMAGE_HEAD_BYTES))?.uint8(9);
      const dataOffset = offset + IMAGE_HEAD_BYTES + 1;
      if (flags !== undefined) next = await skipSubBlocks(source, dataOffset + paletteBytes(flags));
    } else if (kind !== undefined) {
      return broken('corrupt', `no block at byte ${String(offset)}`);
    }
    if (next === undefined) return CUT;
    offset = next;
  }
}

function paletteBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

/** The byte after the empty block that ends a row of sub-blocks. */
async function skipSubBlocks(source: ByteSource, start: number): Promise<number | undefined> {
  for (let offset = start; ;) {
    const length = (await source.look(offset, 1))?.uint8(0);
    if (length === undefined) return undefined;
    offset += 1 + length;
    if (length === 0) return offset;
  }
}
