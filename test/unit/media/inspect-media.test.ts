import fc from 'fast-check';
import { crc32 } from 'node:zlib';

import { inspectMedia } from '../../../src/media/index.ts';
import { reader, sample, sampleNames } from './samples.ts';

/** What the structure does not tell. */
const OPEN = { codec: null, framesPerSecond: null, frames: null, doubts: [] };
const VIDEO = { ...OPEN, kind: 'video', width: 64, height: 48, durationSeconds: 1 };
const IMAGE = { ...OPEN, kind: 'image', width: 64, height: 48, durationSeconds: null };
const SOUND = { ...OPEN, kind: 'audio', width: null, height: null };

const SAMPLES = {
  'moov-last.mp4': { ...VIDEO, mediaType: 'video/mp4', extension: 'mp4' },
  'faststart.mp4': { ...VIDEO, mediaType: 'video/mp4', extension: 'mp4' },
  'fragmented.mp4': { ...VIDEO, mediaType: 'video/mp4', extension: 'mp4' },
  'movie.mov': { ...VIDEO, mediaType: 'video/quicktime', extension: 'mov' },
  'movie.webm': { ...VIDEO, mediaType: 'video/webm', extension: 'webm' },
  'movie.mkv': {
    ...VIDEO,
    durationSeconds: 1.023,
    mediaType: 'video/x-matroska',
    extension: 'mkv',
  },
  'image.png': { ...IMAGE, mediaType: 'image/png', extension: 'png' },
  'image.jpg': { ...IMAGE, mediaType: 'image/jpeg', extension: 'jpg' },
  'image.webp': { ...IMAGE, mediaType: 'image/webp', extension: 'webp' },
  'lossless.webp': { ...IMAGE, mediaType: 'image/webp', extension: 'webp' },
  'animated.webp': { ...IMAGE, mediaType: 'image/webp', extension: 'webp' },
  'image.gif': { ...IMAGE, mediaType: 'image/gif', extension: 'gif' },
  'sound.mp3': { ...SOUND, mediaType: 'audio/mpeg', extension: 'mp3', durationSeconds: 1.045 },
  'sound.wav': { ...SOUND, mediaType: 'audio/wav', extension: 'wav', durationSeconds: 1 },
  'silent.mp4': { ...VIDEO, mediaType: 'video/mp4', extension: 'mp4', durationSeconds: 0.5 },
  'hevc.mp4': { ...VIDEO, mediaType: 'video/mp4', extension: 'mp4', durationSeconds: 0.5 },
  'live.webm': { ...VIDEO, mediaType: 'video/webm', extension: 'webm', durationSeconds: null },
  'bare.mp3': { ...SOUND, mediaType: 'audio/mpeg', extension: 'mp3', durationSeconds: 0.504 },
  'id3v1.mp3': { ...SOUND, mediaType: 'audio/mpeg', extension: 'mp3', durationSeconds: 0.504 },
  'vorbis.ogg': { ...SOUND, mediaType: 'audio/ogg', extension: 'ogg', durationSeconds: 0.4 },
  'sound.ogg': { ...SOUND, mediaType: 'audio/ogg', extension: 'ogg', durationSeconds: 1 },
};

/** Frames of an MP3 that tells nowhere how many there are: each makes one whole file of those before it. */
const COUNTS_NOTHING = 'bare.mp3';
const BARE_FRAME_BYTES = 144;

/** Bytes at the end that a file is whole without, as nothing before them announces them. */
const SPARE_BYTES: Readonly<Record<string, number>> = {
  // The index of its fragments.
  'fragmented.mp4': 110,
  'id3v1.mp3': 128,
};

const text = (content: string): Buffer => Buffer.from(content);
const foundIn = async (bytes: Uint8Array): Promise<string> => {
  const inspection = await inspectMedia(reader(bytes));
  return inspection.outcome === 'whole' ? 'whole' : inspection.found;
};

/** Of a step, below a limit. */
function multiples(step: number, limit: number): readonly number[] {
  return Array.from({ length: Math.ceil(limit / step) - 1 }, (_, index) => (index + 1) * step);
}

describe('a whole file', () => {
  it.each(Object.entries(SAMPLES))('%s is whole, with its facts', async (name, facts) => {
    expect(await inspectMedia(reader(sample(name)))).toEqual({ outcome: 'whole', facts });
  });

  it('of four gibibytes is inspected by its headers', async () => {
    const mp4 = sample('faststart.mp4');
    const at = mp4.indexOf('mdat') - 4;
    const sizeBytes = 2 ** 32 + 16;
    const head = Buffer.concat([
      mp4.subarray(0, at),
      Buffer.from('\0\0\0\x01mdat'),
      Buffer.alloc(8),
    ]);
    head.writeBigUInt64BE(BigInt(sizeBytes - at), at + 8);
    const sparse = reader(head);

    const inspection = await inspectMedia({ ...sparse, sizeBytes });

    expect(inspection.outcome).toBe('whole');
    expect(sparse.bytesRead()).toBeLessThan(64 * 1024);
  });
});

describe.each(sampleNames)('[F14] %s', (name) => {
  it('is one of the samples whose facts are known', () => {
    expect(Object.keys(SAMPLES)).toContain(name);
  });

  it('cut at any byte is refused', async () => {
    const bytes = sample(name);
    const whole: number[] = [];
    for (let length = 0; length < bytes.length; length += 1) {
      if ((await foundIn(bytes.subarray(0, length))) === 'whole') whole.push(length);
    }

    const spare = SPARE_BYTES[name];
    if (name === COUNTS_NOTHING) expect(whole).toEqual(multiples(BARE_FRAME_BYTES, bytes.length));
    else expect(whole).toEqual(spare === undefined ? [] : [bytes.length - spare]);
  });

  it('without its last byte is truncated', async () => {
    expect(await foundIn(sample(name).subarray(0, -1))).toBe('truncated');
  });

  it.each([
    ['one byte', 'x'],
    ['one zero', '\0'],
    ['sixteen zeros', '\0'.repeat(16)],
    ['a line break', '\r\n'],
    ['4 KiB of text', 'lorem ipsum\n'.repeat(342)],
    ['a page of errors', '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>'],
  ])('with %s after its end has trailing bytes', async (_, junk) => {
    expect(await foundIn(Buffer.concat([sample(name), text(junk)]))).toBe('trailing_bytes');
  });

  it('with any bytes after its end is not whole', async () => {
    const bytes = sample(name);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (junk) => {
        expect(await foundIn(Buffer.concat([bytes, junk]))).not.toBe('whole');
      }),
      { numRuns: 200, seed: 14 },
    );
  });

  it('with any byte overwritten is inspected without an exception', async () => {
    const bytes = sample(name);
    for (let offset = 0; offset < bytes.length; offset += 5) {
      const damaged = Buffer.from(bytes);
      damaged[offset] = damaged[offset]! ^ 0xff;
      await expect(inspectMedia(reader(damaged))).resolves.toHaveProperty('outcome');
    }
  });
});

describe('[F14] two files in one', () => {
  // An Ogg stream may follow another, and frames of an MP3 may follow frames.
  const names = sampleNames.filter((name) => !name.endsWith('.ogg') && name !== COUNTS_NOTHING);

  it.each(names)('are refused: %s twice', async (name) => {
    expect(await foundIn(Buffer.concat([sample(name), sample(name)]))).toBe('trailing_bytes');
  });

  it('are whole where they are Ogg streams, unless the first has no end', async () => {
    const first = sample('vorbis.ogg');
    const cut = first.subarray(0, first.lastIndexOf('OggS'));

    expect(await foundIn(Buffer.concat([first, sample('sound.ogg')]))).toBe('whole');
    expect(await foundIn(Buffer.concat([cut, sample('sound.ogg')]))).toBe('truncated');
  });

  it('are whole where a JPEG announces further pictures', async () => {
    const jpeg = sample('image.jpg');
    const index = Buffer.from('ffe20006', 'hex');
    const announcing = Buffer.concat([jpeg.subarray(0, 2), index, text('MPF\0'), jpeg.subarray(2)]);

    expect(await foundIn(Buffer.concat([announcing, jpeg]))).toBe('whole');
    expect(await foundIn(Buffer.concat([announcing, jpeg.subarray(0, -1)]))).toBe('truncated');
    expect(await foundIn(Buffer.concat([announcing, jpeg, text('x')]))).toBe('trailing_bytes');
  });
});

describe('[F14] a part whose size is left open', () => {
  it('is seen to be cut where it is the media of an MP4 with its index in front', async () => {
    const mp4 = Buffer.from(sample('faststart.mp4'));
    mp4.writeUInt32BE(0, mp4.indexOf('mdat') - 4);

    expect(await foundIn(mp4)).toBe('whole');
    expect(await foundIn(mp4.subarray(0, -1))).toBe('truncated');
    expect(await foundIn(mp4.subarray(0, -1000))).toBe('truncated');
  });

  it('is read block by block where it is a cluster of a WebM', async () => {
    const webm = Buffer.from(sample('live.webm'));
    const size = webm.indexOf(Buffer.from('1f43b675', 'hex')) + 4;
    webm.writeUInt16BE(0x7fff, size);

    expect(await foundIn(webm)).toBe('whole');
    expect(await foundIn(webm.subarray(0, -1))).toBe('truncated');
    expect(await foundIn(Buffer.concat([webm, text('x')]))).toBe('trailing_bytes');
  });
});

describe('what is no media', () => {
  it.each([
    ['empty', ''],
    ['html', '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>'],
    ['html', '\n\n  <?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['json', '{"error":"expired"}'],
    ['json', ' [1,2,3]'],
    ['unrecognised', 'just a line of text'],
    ['unrecognised', 'x'],
    ['unrecognised', '\0\0\0\x18ftypavif\0\0\0\0mif1avif\0\0\0\x08meta'],
    ['truncated', '\0\0\0\x10ftypisom\0\0\0\0'],
  ])('is called %s', async (found, content) => {
    expect(await foundIn(text(content))).toBe(found);
  });

  it('is described without its content', async () => {
    const inspection = await inspectMedia(reader(text('{"token":"sk-secret"}')));

    expect(JSON.stringify(inspection)).not.toContain('sk-secret');
  });
});

describe('damage inside', () => {
  it('of a PNG is found by its checksum', async () => {
    const png = Buffer.from(sample('image.png'));
    png[Math.floor(png.length * 0.6)]! ^= 0xff;

    expect(await foundIn(png)).toBe('corrupt');
  });

  it('of a PNG without image data is found', async () => {
    const png = sample('image.png');
    const end = Buffer.from('IEND');
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(end));
    const hollow = Buffer.concat([png.subarray(0, 33), Buffer.alloc(4), end, crc]);

    expect(await foundIn(hollow)).toBe('corrupt');
  });

  it('of a movie without an index is found', async () => {
    const mp4 = Buffer.from(sample('moov-last.mp4'));
    mp4.write('free', mp4.indexOf('moov'));

    expect(await foundIn(mp4)).toBe('truncated');
  });
});
