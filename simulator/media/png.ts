import { crc32, deflateSync } from 'node:zlib';

export interface PictureSpec {
  /** Pixels, 1..4096. */
  readonly width: number;
  readonly height: number;
  /** Chooses the tint. */
  readonly tint: number;
  /** Written into the file as text, so that no two tasks have the same bytes. */
  readonly label: string;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const SHADES = 256;

/** A valid PNG (8-bit palette, filter 0): a diagonal gradient in a tint. */
export function createPng(spec: PictureSpec): Buffer {
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', imageHeader(spec)),
    chunk('PLTE', palette(spec.tint)),
    chunk('tEXt', Buffer.from(`Comment\0${spec.label}`, 'latin1')),
    chunk('IDAT', deflateSync(rows(spec), { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function imageHeader(spec: PictureSpec): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(spec.width, 0);
  header.writeUInt32BE(spec.height, 4);
  // Bit depth 8, colour type 3 (palette), then deflate, adaptive filters, no interlace: all zero.
  header.set([8, 3], 8);
  return header;
}

function palette(tint: number): Buffer {
  const colours = Buffer.alloc(SHADES * 3);
  for (let shade = 0; shade < SHADES; shade += 1) {
    colours[shade * 3] = (shade * (64 + (tint & 0x7f))) >> 8;
    colours[shade * 3 + 1] = (shade * (64 + ((tint >>> 7) & 0x7f))) >> 8;
    colours[shade * 3 + 2] = (shade * (64 + ((tint >>> 14) & 0x7f))) >> 8;
  }
  return colours;
}

/** Few distinct rows, each copied over its band: that keeps 4096 x 4096 fast. */
function rows({ width, height }: PictureSpec): Buffer {
  const stride = width + 1;
  const image = Buffer.alloc(stride * height);
  const bands = Math.min(SHADES / 2, height);
  let drawnBand = -1;
  for (let y = 0; y < height; y += 1) {
    const band = Math.floor((y * bands) / height);
    if (band === drawnBand) {
      image.copy(image, y * stride, (y - 1) * stride, y * stride);
      continue;
    }
    for (let x = 0; x < width; x += 1) {
      image[y * stride + 1 + x] = band + Math.floor((x * (SHADES / 2)) / width);
    }
    drawnBand = band;
  }
  return image;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
