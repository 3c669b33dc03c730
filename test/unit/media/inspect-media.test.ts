import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import type { ByteReader } from '../../../src/core/media.ts';
import { inspectMedia } from '../../../src/media/index.ts';

const FIXTURES = join(__dirname, '../../fixtures/media');

const VIDEO = { kind: 'video', width: 64, height: 48, durationSeconds: 1 };
const IMAGE = { kind: 'image', width: 64, height: 48, durationSeconds: null };
const SOUND = { kind: 'audio', width: null, height: null };

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
  'sound.ogg': { ...SOUND, mediaType: 'audio/ogg', extension: 'ogg', durationSeconds: 1 },
};

const names = Object.keys(SAMPLES);

/** Reads from memory, and counts what it was asked for. */
function reader(bytes: Uint8Array): ByteReader & { readonly bytesRead: () => number } {
  let total = 0;
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      const piece = bytes.subarray(offset, offset + length);
      total += piece.length;
      return piece;
    },
    close: async () => undefined,
    bytesRead: () => total,
  };
}

const sample = (name: string): Buffer => readFileSync(join(FIXTURES, name));
const text = (content: string): Buffer => Buffer.from(content);
const foundIn = async (bytes: Uint8Array): Promise<string> => {
  const inspection = await inspectMedia(reader(bytes));
  return inspection.outcome === 'whole' ? 'whole' : inspection.found;
};

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

  it('whose last box reaches to the end by its own word is whole', async () => {
    const mp4 = Buffer.from(sample('faststart.mp4'));
    mp4.writeUInt32BE(0, mp4.indexOf('mdat') - 4);

    expect(await foundIn(mp4)).toBe('whole');
  });
});

describe.each(names)('%s', (name) => {
  it.each([0.5, 0.9, 0.99])('cut at %d of its length is truncated', async (share) => {
    const bytes = sample(name);

    expect(await foundIn(bytes.subarray(0, Math.floor(bytes.length * share)))).toBe('truncated');
  });

  it('without its last byte is truncated', async () => {
    expect(await foundIn(sample(name).subarray(0, -1))).toBe('truncated');
  });

  it('with bytes after its end has trailing bytes', async () => {
    expect(await foundIn(Buffer.concat([sample(name), text('and more of it')]))).toBe(
      'trailing_bytes',
    );
  });

  it('is never whole when cut anywhere', async () => {
    const bytes = sample(name);
    const whole: number[] = [];
    for (let length = 0; length < bytes.length; length += 7) {
      if ((await foundIn(bytes.subarray(0, length))) === 'whole') whole.push(length);
    }

    expect(whole).toEqual([]);
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

describe('what is no media', () => {
  it.each([
    ['empty', ''],
    ['html', '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>'],
    ['html', '\n\n  <?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['json', '{"error":"expired"}'],
    ['json', ' [1,2,3]'],
    ['unrecognised', 'just a line of text'],
    ['unrecognised', 'x'],
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
