import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { createJpeg } from '../../../simulator/media/jpeg.ts';
import { createMp4, videoSizes } from '../../../simulator/media/mp4.ts';
import { createPng } from '../../../simulator/media/png.ts';

interface Box {
  readonly type: string;
  readonly at: number;
  readonly content: Buffer;
}

function boxesOf(buffer: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < buffer.length;) {
    const sizeBytes = buffer.readUInt32BE(at);
    const content = buffer.subarray(at + 8, at + sizeBytes);
    boxes.push({ type: buffer.toString('latin1', at + 4, at + 8), at, content });
    at += sizeBytes;
  }
  return boxes;
}

function boxAt(buffer: Buffer, ...path: string[]): Box {
  const [type, ...rest] = path;
  const found = boxesOf(buffer).find((box) => box.type === type);
  if (found === undefined) throw new Error(`no box ${String(type)}`);
  return rest.length === 0 ? found : boxAt(found.content, ...rest);
}

test.each(videoSizes())(
  'a $width x $height video has its boxes, size, length and samples',
  (size) => {
    const file = createMp4({ ...size, durationSeconds: 3, label: 'task_1-0' });

    const table = boxAt(file, 'moov', 'trak', 'mdia', 'minf', 'stbl').content;
    const sizes = boxAt(table, 'stsz').content;
    const track = boxAt(file, 'moov', 'trak', 'tkhd').content;
    const data = boxAt(file, 'mdat');
    const sampleBytes = Array.from({ length: 72 }, (_, index) =>
      sizes.readUInt32BE(12 + index * 4),
    );
    expect(boxesOf(file).map((box) => box.type)).toEqual(['ftyp', 'free', 'moov', 'mdat']);
    expect(sizes.readUInt32BE(8)).toBe(72);
    expect(sampleBytes.reduce((sum, each) => sum + each, 0)).toBe(data.content.length);
    expect(boxAt(table, 'stco').content.readUInt32BE(8)).toBe(data.at + 8);
    expect(boxAt(file, 'moov', 'mvhd').content.readUInt32BE(16)).toBe(3000);
    expect([track.readUInt32BE(76) >> 16, track.readUInt32BE(80) >> 16]).toEqual([
      size.width,
      size.height,
    ]);
  },
);

test('neighbouring pictures have different bytes, also where the series begins anew', () => {
  const file = createMp4({ width: 1280, height: 720, durationSeconds: 1, label: '' });
  const { content } = boxAt(file, 'mdat');
  const pictures: string[] = [];
  for (let at = 0; at < content.length; at += 4 + content.readUInt32BE(at)) {
    pictures.push(content.toString('base64', at + 4, at + 4 + content.readUInt32BE(at)));
  }

  expect(pictures).toHaveLength(24);
  expect(pictures.every((picture, index) => picture !== pictures[index + 1])).toBe(true);
});

test('two tasks never have the same bytes, one task always has', () => {
  const video = { width: 1280, height: 720, durationSeconds: 3 };

  const [a, again, b] = ['a', 'a', 'b'].map((label) => createMp4({ ...video, label }));

  expect(a!.equals(again!)).toBe(true);
  expect(a!.equals(b!)).toBe(false);
});

test('a size without template is refused with the sizes there are', () => {
  const make = (): Buffer => createMp4({ width: 2, height: 2, durationSeconds: 3, label: '' });

  expect(make).toThrow(/no video template of 2x2; there are 1280x720, /);
});

test.each([
  [1, 1],
  [1024, 1024],
  [1792, 1024],
  [4096, 4096],
])('a %i x %i PNG has right checksums and as many pixels as it says', (width, height) => {
  const png = createPng({ width, height, tint: 99, label: 'task_1-0' });

  const pixels: Buffer[] = [];
  for (let at = 8; at < png.length;) {
    const sizeBytes = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + sizeBytes);
    expect(crc32(body)).toBe(png.readUInt32BE(at + 8 + sizeBytes));
    if (body.toString('latin1', 0, 4) === 'IDAT') pixels.push(body.subarray(4));
    at += 12 + sizeBytes;
  }
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
  expect(inflateSync(Buffer.concat(pixels))).toHaveLength((width + 1) * height);
});

describe('by the judgement of ffmpeg', () => {
  const hasFfmpeg = ['ffmpeg', 'ffprobe'].every(
    (name) => spawnSync(name, ['-version']).status === 0,
  );
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'pollux-media-'));
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const files = [
    ...videoSizes().map((size) => ({ ...size, seconds: 3, extension: 'mp4' })),
    { width: 1280, height: 720, seconds: 15, extension: 'mp4' },
    { width: 1023, height: 517, seconds: 0, extension: 'png' },
    { width: 1023, height: 517, seconds: 0, extension: 'jpg' },
  ];

  test.each(files)('$extension $width x $height decodes as promised', (promised) => {
    if (!hasFfmpeg) {
      process.stderr.write(
        'not run: ffmpeg and ffprobe are not on PATH; box structure is checked above\n',
      );
      expect(process.env['POLLUX_REQUIRE_ALL']).toBeUndefined();
      return;
    }
    const { width, height, seconds, extension } = promised;
    const picture = { width, height, tint: 5, label: 'x' };
    const file = join(directory, `${width}x${height}-${seconds}.${extension}`);
    const bytes =
      extension === 'mp4'
        ? createMp4({ width, height, durationSeconds: seconds, label: 'x' })
        : { png: createPng, jpg: createJpeg }[extension === 'png' ? 'png' : 'jpg'](picture);
    writeFileSync(file, bytes);

    const entries = 'stream=width,height,nb_read_packets:format=duration';
    const probe = ['-v', 'error', '-count_packets', '-show_entries', entries, '-of', 'json', file];
    const facts = JSON.parse(spawnSync('ffprobe', probe, { encoding: 'utf8' }).stdout) as {
      streams: unknown[];
      format: { duration?: string };
    };
    const decode = ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-'];
    const decoded = spawnSync('ffmpeg', decode, { encoding: 'utf8' });

    expect(decoded).toMatchObject({ status: 0, stderr: '' });
    const packets = String(Math.max(1, seconds * 24));
    expect(facts.streams).toEqual([{ width, height, nb_read_packets: packets }]);
    if (seconds > 0) expect(Number(facts.format.duration)).toBe(seconds);
  });
});
