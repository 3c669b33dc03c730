import type { MediaInspection } from '../core/media.ts';
import type { ByteSource } from './byte-source.ts';
import type { Broken } from './findings.ts';
import { broken, checkEnd, whole } from './findings.ts';

const LABEL = { kind: 'image', mediaType: 'image/jpeg', extension: 'jpg' } as const;
const BEGIN = 0xd8;
const END = 0xd9;
const SCAN = 0xda;
const APPLICATION_2 = 0xe2;
/** In the range of frame headers, but tables. */
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]);

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Picture {
  readonly size: Size;
  /** First byte after its end marker. */
  readonly end: number;
  /** Announces further pictures in the same file (CIPA DC-007), e.g. a map of brightness. */
  readonly isFirstOfMany: boolean;
}

/**
 * JPEG (ITU-T T.81): segments and scans up to the end marker, and nothing after it but pictures that the first one
 * announces. Padding counts as trailing bytes: encoders write none.
 */
export async function inspectJpeg(source: ByteSource): Promise<MediaInspection> {
  const first = await readPicture(source, 0);
  if ('outcome' in first) return first;
  let { end } = first;
  while (first.isFirstOfMany && (await source.look(end, 2))?.uint16(0) === 0xff00 + BEGIN) {
    const next = await readPicture(source, end);
    if ('outcome' in next) return next;
    end = next.end;
  }
  return checkEnd('the image', end, source.sizeBytes) ?? whole(LABEL, first.size);
}

async function readPicture(source: ByteSource, start: number): Promise<Picture | Broken> {
  let size: Size | undefined;
  let hasScan = false;
  let isFirstOfMany = false;
  for (let offset = start + 2; ;) {
    const head = await source.look(offset, 2);
    if (head === undefined) return broken('truncated', 'the image has no end marker');
    const marker = head.uint8(1);
    if (head.uint8(0) !== 0xff) return broken('corrupt', `no marker at byte ${String(offset)}`);
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    if (marker === END) {
      if (size !== undefined && hasScan) return { size, end: offset + 2, isFirstOfMany };
      return broken('corrupt', 'the image ends before its first scan');
    }
    const segment = await source.look(offset + 2, 2);
    if (segment === undefined) return broken('truncated', 'the file ends inside a segment');
    if (isFrame(marker)) {
      size = await readSize(source, offset);
      if (size === undefined) return broken('truncated', 'the file ends inside its frame header');
    }
    if (marker === APPLICATION_2) {
      isFirstOfMany ||= (await source.look(offset + 4, 4))?.text(0, 4) === 'MPF\0';
    }
    offset += 2 + segment.uint16(0);
    if (marker !== SCAN) continue;
    if (size === undefined) return broken('corrupt', 'there is no frame header before the scan');
    hasScan = true;
    offset = await findMarker(source, offset);
  }
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker);
}

async function readSize(source: ByteSource, offset: number): Promise<Size | undefined> {
  const frame = await source.look(offset + 5, 4);
  return frame === undefined ? undefined : { height: frame.uint16(0), width: frame.uint16(2) };
}

/** Where the data of a scan ends: the next marker that is no part of it, or the end of the file. */
async function findMarker(source: ByteSource, start: number): Promise<number> {
  let offset = start;
  let before = 0;
  for await (const piece of source.pieces(start, source.sizeBytes - start)) {
    for (const byte of piece) {
      if (before === 0xff && !isInScan(byte)) return offset - 1;
      before = byte;
      offset += 1;
    }
  }
  return source.sizeBytes;
}

/** A byte after 0xFF that leaves it in the scan: 0 makes it data, eight values are restart markers. */
function isInScan(byte: number): boolean {
  return byte === 0 || (byte >= 0xd0 && byte <= 0xd7) || byte === 0xff;
}
