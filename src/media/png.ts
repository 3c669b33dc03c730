import { crc32 } from 'node:zlib';

import type { MediaInspection } from '../core/media.ts';
import type { ByteSource } from './byte-source.ts';
import { broken, checkEnd, whole } from './findings.ts';

const SIGNATURE_BYTES = 8;
const LABEL = { kind: 'image', mediaType: 'image/png', extension: 'png' } as const;

/** PNG (W3C, third edition): chunks with a CRC each, IHDR first, IEND last and nothing after it. */
export async function inspectPng(source: ByteSource): Promise<MediaInspection> {
  const size = await source.look(SIGNATURE_BYTES + 8, 8);
  let hasData = false;
  for (let offset = SIGNATURE_BYTES; ;) {
    const head = await source.look(offset, 8);
    if (head === undefined) return broken('truncated', `no whole chunk at byte ${String(offset)}`);
    const length = head.uint32(0);
    const type = head.text(4, 4);
    const end = offset + 12 + length;
    if (!/^[A-Za-z]{4}$/.test(type)) return broken('corrupt', `no chunk at byte ${String(offset)}`);
    if (offset === SIGNATURE_BYTES && type !== 'IHDR') {
      return broken('corrupt', `the first chunk is ${type}, not IHDR`);
    }
    const stored = await source.look(end - 4, 4);
    if (stored === undefined) return broken('truncated', `chunk ${type} is cut`);
    const actual = await checksum(source, offset + 4, length + 4);
    if (actual !== stored.uint32(0)) {
      return broken('corrupt', `chunk ${type} at byte ${String(offset)} fails its CRC`);
    }
    if (type === 'IDAT') hasData = true;
    offset = end;
    if (type !== 'IEND') continue;
    if (!hasData) return broken('corrupt', 'there is no image data');
    return (
      checkEnd('the image', end, source.sizeBytes) ??
      whole(LABEL, { width: size?.uint32(0) ?? null, height: size?.uint32(4) ?? null })
    );
  }
}

async function checksum(source: ByteSource, offset: number, length: number): Promise<number> {
  let value = 0;
  for await (const piece of source.pieces(offset, length)) value = crc32(piece, value);
  return value;
}
