import type { PictureSpec } from './png.ts';

const BLOCK_PIXELS = 8;

/** A valid baseline JPEG (greyscale, one flat shade chosen by the tint). */
export function createJpeg(spec: PictureSpec): Buffer {
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')),
    segment(0xfe, Buffer.from(spec.label, 'latin1')),
    segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 1)])),
    segment(0xc0, frameHeader(spec)),
    // DC: code 0 is "no difference", code 10 is "seven bits follow". AC: code 0 is "end of block".
    segment(0xc4, huffmanTable(0x00, [1, 1], [0, 7])),
    segment(0xc4, huffmanTable(0x10, [1], [0])),
    segment(0xda, Buffer.from([1, 1, 0x00, 0, 63, 0])),
    scan(spec),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function frameHeader({ width, height }: PictureSpec): Buffer {
  const header = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  header.writeUInt16BE(height, 1);
  header.writeUInt16BE(width, 3);
  return header;
}

function huffmanTable(
  identity: number,
  codesPerLength: readonly number[],
  symbols: readonly number[],
): Buffer {
  const counts = Buffer.alloc(16);
  counts.set(codesPerLength);
  return Buffer.concat([Buffer.from([identity]), counts, Buffer.from(symbols)]);
}

/**
 * The first block says `10`, seven bits of brightness, end of block; each other block is `00`.
 * A bit string that begins `10` and is padded with ones in less than a byte needs no 0xff stuffing:
 * brightness keeps its lowest bit clear.
 */
function scan({ width, height, tint }: PictureSpec): Buffer {
  const blocks = Math.ceil(width / BLOCK_PIXELS) * Math.ceil(height / BLOCK_PIXELS);
  const bits = 10 + 2 * (blocks - 1);
  const data = Buffer.alloc(Math.ceil(bits / 8));
  const brightness = 64 + (tint & 0x3e);
  const first = (0b10 << 8) | (brightness << 1);
  data[0] = first >> 2;
  data[1] = (first & 0b11) << 6;
  const padding = data.length * 8 - bits;
  data[data.length - 1] = (data[data.length - 1] ?? 0) | ((1 << padding) - 1);
  return data;
}

function segment(marker: number, data: Buffer): Buffer {
  const header = Buffer.from([0xff, marker, 0, 0]);
  header.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([header, data]);
}
