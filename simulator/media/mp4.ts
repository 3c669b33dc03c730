import { TEMPLATES, type PictureTemplate } from './templates.ts';

export const FRAMES_PER_SECOND = 24;

export interface VideoSpec {
  readonly width: number;
  readonly height: number;
  readonly durationSeconds: number;
  /** Written into a `free` box, so that no two tasks have the same bytes. */
  readonly label: string;
}

/**
 * A whole MP4 (H.264, 24 fps, `moov` first) of exactly the asked size and length.
 *
 * @throws RangeError where there is no template of that size.
 */
export function createMp4(spec: VideoSpec): Buffer {
  const template = templateOf(spec.width, spec.height);
  const frameCount = Math.round(spec.durationSeconds * FRAMES_PER_SECOND);
  const pictures = template.pictures.map((picture) => sampleOf(Buffer.from(picture, 'base64')));
  const samples = Array.from({ length: frameCount }, (_, frame) => pictureAt(pictures, frame));

  const header = Buffer.concat([
    box('ftyp', text('isom'), u32(0x200), text('isom'), text('iso2'), text('avc1'), text('mp41')),
    box('free', text(spec.label)),
  ]);
  const data = box('mdat', ...samples);
  // The chunk offset has a fixed width, so a first pass with any value tells the length of moov.
  const moovBytes = moov(template, samples, 0).length;
  const firstSampleAt = header.length + moovBytes + 8;
  return Buffer.concat([header, moov(template, samples, firstSampleAt), data]);
}

/** The sizes that {@link createMp4} can make. */
export function videoSizes(): readonly { readonly width: number; readonly height: number }[] {
  return TEMPLATES.map(({ width, height }) => ({ width, height }));
}

function templateOf(width: number, height: number): PictureTemplate {
  const found = TEMPLATES.find((each) => each.width === width && each.height === height);
  if (found === undefined) {
    const known = TEMPLATES.map((each) => `${each.width}x${each.height}`).join(', ');
    throw new RangeError(`no video template of ${width}x${height}; there are ${known}`);
  }
  return found;
}

function sampleOf(slice: Buffer): Buffer {
  return Buffer.concat([u32(slice.length), slice]);
}

function pictureAt(pictures: readonly Buffer[], frame: number): Buffer {
  const picture = pictures[frame % pictures.length];
  if (picture === undefined) throw new RangeError('a video template has no pictures');
  return picture;
}

function moov(
  template: PictureTemplate,
  samples: readonly Buffer[],
  firstSampleAt: number,
): Buffer {
  const durationMs = Math.round((samples.length * 1000) / FRAMES_PER_SECOND);
  return box(
    'moov',
    movieHeader(durationMs),
    box(
      'trak',
      trackHeader(template, durationMs),
      box(
        'mdia',
        fullBox(
          'mdhd',
          0,
          u32(0),
          u32(0),
          u32(FRAMES_PER_SECOND),
          u32(samples.length),
          u32(0x55c40000),
        ),
        fullBox('hdlr', 0, u32(0), text('vide'), zeros(12), text('video\0')),
        box(
          'minf',
          fullBox('vmhd', 1, zeros(8)),
          box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1))),
          sampleTable(template, samples, firstSampleAt),
        ),
      ),
    ),
  );
}

function movieHeader(durationMs: number): Buffer {
  return fullBox(
    'mvhd',
    0,
    zeros(8),
    u32(1000),
    u32(durationMs),
    u32(0x00010000),
    u16(0x0100),
    zeros(10),
    identityMatrix(),
    zeros(24),
    u32(2),
  );
}

function trackHeader(template: PictureTemplate, durationMs: number): Buffer {
  return fullBox(
    'tkhd',
    3,
    zeros(8),
    u32(1),
    u32(0),
    u32(durationMs),
    zeros(16),
    identityMatrix(),
    u32(template.width << 16),
    u32(template.height << 16),
  );
}

/** All samples are sync samples in one chunk. */
function sampleTable(
  template: PictureTemplate,
  samples: readonly Buffer[],
  firstSampleAt: number,
): Buffer {
  return box(
    'stbl',
    fullBox('stsd', 0, u32(1), visualEntry(template)),
    fullBox('stts', 0, u32(1), u32(samples.length), u32(1)),
    fullBox('stss', 0, u32(samples.length), ...samples.map((_, index) => u32(index + 1))),
    fullBox('stsc', 0, u32(1), u32(1), u32(samples.length), u32(1)),
    fullBox('stsz', 0, u32(0), u32(samples.length), ...samples.map((sample) => u32(sample.length))),
    fullBox('stco', 0, u32(1), u32(firstSampleAt)),
  );
}

function visualEntry(template: PictureTemplate): Buffer {
  return box(
    'avc1',
    zeros(6),
    u16(1),
    zeros(16),
    u16(template.width),
    u16(template.height),
    u32(0x00480000),
    u32(0x00480000),
    u32(0),
    u16(1),
    zeros(32),
    u16(0x0018),
    u16(0xffff),
    box('avcC', Buffer.from(template.avcC, 'base64')),
  );
}

function identityMatrix(): Buffer {
  return Buffer.concat(
    [0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000].map((each) => u32(each)),
  );
}

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([u32(content.length + 8), text(type), content]);
}

function fullBox(type: string, flags: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, u32(flags), ...parts);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function zeros(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes);
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value >>> 0);
  return buffer;
}
