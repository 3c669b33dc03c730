import type { MediaInspection } from '../core/media.ts';
import type { ByteSource } from './byte-source.ts';
import { broken, whole } from './findings.ts';

const LABEL = { kind: 'image', mediaType: 'image/jpeg', extension: 'jpg' } as const;
const SCAN = 0xda;
const END = 0xd9;
/** In the range of frame headers, but tables. */
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]);

/** JPEG (ITU-T T.81): segments up to the first scan, and the end marker as the last two bytes. */
export async function inspectJpeg(source: ByteSource): Promise<MediaInspection> {
  let size: { width: number; height: number } | undefined;
  for (let offset = 2; ;) {
    const head = await source.look(offset, 4);
    if (head === undefined) return broken('truncated', 'the file ends inside its headers');
    const marker = head.uint8(1);
    if (head.uint8(0) !== 0xff) {
      return broken('corrupt', `no marker at byte ${String(offset)}`);
    }
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    if (isFrame(marker)) {
      const frame = await source.look(offset + 5, 4);
      if (frame === undefined) return broken('truncated', 'the file ends inside its frame header');
      size = { height: frame.uint16(0), width: frame.uint16(2) };
    }
    if (marker !== SCAN) {
      offset += 2 + head.uint16(2);
      continue;
    }
    if (size === undefined) return broken('corrupt', 'there is no frame header before the scan');
    return checkImageEnd(source, offset, size);
  }
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker);
}

async function checkImageEnd(
  source: ByteSource,
  scanOffset: number,
  size: { width: number; height: number },
): Promise<MediaInspection> {
  const last = await source.look(source.sizeBytes - 2, 2);
  if (last?.uint16(0) === 0xff00 + END) return whole(LABEL, size);
  // Inside a scan the end marker cannot occur, so wherever it is, the image ends there.
  let before = 0;
  for await (const piece of source.pieces(scanOffset, source.sizeBytes - scanOffset)) {
    for (const byte of piece) {
      if (before === 0xff && byte === END) {
        return broken('trailing_bytes', 'bytes follow the end marker of the image');
      }
      before = byte;
    }
  }
  return broken('truncated', 'the image has no end marker');
}
