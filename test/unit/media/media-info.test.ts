import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { MediaBytes } from '../../../src/core/media.ts';
import { createMediaInspector } from '../../../src/media/index.ts';
import { MediaInfo } from '../../../src/media/media-info.ts';
import { until } from '../../installation/until.ts';
import { reader, sample, sampleNames, samplePath } from './samples.ts';

const VIDEO = { codec: 'AVC', framesPerSecond: 24, frames: 24, durationSeconds: 1 };
const SHORT = { framesPerSecond: 12, frames: 6, durationSeconds: 0.5 };
const STILL = { framesPerSecond: null, frames: null, durationSeconds: null };

/** The structural duration stays where there is one. */
const FACTS: Readonly<Record<string, object>> = {
  'moov-last.mp4': VIDEO,
  'faststart.mp4': VIDEO,
  'fragmented.mp4': VIDEO,
  'silent.mp4': { ...SHORT, codec: 'AVC' },
  'hevc.mp4': { ...SHORT, codec: 'HEVC' },
  'movie.mov': VIDEO,
  'movie.webm': { ...VIDEO, codec: 'VP9' },
  'live.webm': { codec: 'VP9', framesPerSecond: 12, frames: null, durationSeconds: null },
  'movie.mkv': { ...VIDEO, durationSeconds: 1.023 },
  'image.png': { ...STILL, codec: 'PNG' },
  'image.jpg': { ...STILL, codec: 'JPEG' },
  'image.gif': { ...STILL, codec: 'GIF' },
  'image.webp': { ...STILL, codec: 'VP8' },
  'lossless.webp': { ...STILL, codec: 'WebP' },
  'animated.webp': { codec: 'VP8', framesPerSecond: 2, frames: 2, durationSeconds: 1 },
  'sound.mp3': { ...STILL, codec: 'MPEG Audio', durationSeconds: 1.045 },
  'bare.mp3': { ...STILL, codec: 'MPEG Audio', durationSeconds: 0.504 },
  'id3v1.mp3': { ...STILL, codec: 'MPEG Audio', durationSeconds: 0.504 },
  'sound.wav': { ...STILL, codec: 'PCM', durationSeconds: 1 },
  'sound.ogg': { ...STILL, codec: 'Opus', durationSeconds: 1 },
  'vorbis.ogg': { ...STILL, codec: 'Vorbis', durationSeconds: 0.4 },
};

const inspect = createMediaInspector();

function onDisk(name: string): MediaBytes {
  return { ...reader(sample(name)), path: samplePath(name) };
}

describe('the inspector', () => {
  it.each(sampleNames)('knows the codec and frames of %s, and doubts nothing', async (name) => {
    const expected = { outcome: 'whole', facts: { ...FACTS[name], doubts: [] } };

    expect(await inspect(reader(sample(name)))).toMatchObject(expected);
    expect(await inspect(onDisk(name))).toMatchObject(expected);
  });

  it('takes files in turn when many come at once', async () => {
    const inspections = await Promise.all(sampleNames.map((name) => inspect(reader(sample(name)))));

    expect(inspections.map((found) => found.outcome === 'whole' && found.facts)).toMatchObject(
      sampleNames.map((name) => FACTS[name]),
    );
  });

  it('refuses what the structure refuses, whatever else could be said', async () => {
    expect(await inspect(reader(sample('faststart.mp4').subarray(0, -1)))).toMatchObject({
      outcome: 'broken',
      found: 'truncated',
    });
  });

  it('doubts a size that the pictures themselves contradict, and lets the file pass', async () => {
    const mp4 = Buffer.from(sample('silent.mp4'));
    mp4.writeUInt16BE(128, mp4.indexOf('tkhd') + 4 + 76);

    expect(await inspect(reader(mp4))).toMatchObject({
      outcome: 'whole',
      facts: {
        width: 128,
        doubts: ['mediainfo measures 64x48 pixels, the container says 128x48'],
      },
    });
  });

  it('throws what the reader throws, and then goes on', async () => {
    const whole = reader(sample('silent.mp4'));
    const failing: MediaBytes = {
      ...whole,
      read: async () => {
        throw new Error('the store is away');
      },
    };
    const mediaInfo = new MediaInfo();

    await expect(mediaInfo.analyse(failing)).rejects.toThrow('is away');
    expect((await mediaInfo.analyse(whole)).outcome).toBe('analysed');
  });
});

describe('mediainfo', () => {
  let folder: string;
  let pidFile: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pollux-media-'));
    pidFile = join(folder, 'pid');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const bytes = reader(sample('silent.mp4'));
  const noteThat = (rest: string): string =>
    `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); ${rest}`;
  const LOOP = "process.on('message', () => { for (;;); })";

  const untilGone = async (): Promise<void> => {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await until('the process to be gone', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  };

  it('that loops for ever is ended, and the next file has a new process', async () => {
    const mediaInfo = new MediaInfo({ program: noteThat(LOOP), timeoutMs: 3000 });

    expect(await mediaInfo.analyse(bytes)).toEqual({
      outcome: 'failed',
      reason: 'it took more than 3000 ms',
    });
    const first = readFileSync(pidFile, 'utf8');
    await untilGone();
    expect((await mediaInfo.analyse(bytes)).outcome).toBe('failed');
    expect(readFileSync(pidFile, 'utf8')).not.toBe(first);
    await untilGone();
  });

  it.each([
    ['ends', "process.on('message', () => process.exit(1))", 'its process ended'],
    ['cannot be loaded', "require('/nonexistent')", 'its process ended'],
    ['fails', "process.on('message', () => process.send({ failed: true }))", 'it reports an error'],
    [
      'asks for nonsense',
      "process.on('message', () => process.send({ offset: -5, length: 1 }))",
      'it asks for bytes that no file has',
    ],
  ])('that %s leaves the facts open', async (_, program, reason) => {
    expect(await new MediaInfo({ program }).analyse(bytes)).toEqual({ outcome: 'failed', reason });
  });

  it('ends with the signal, whose reason is thrown, also while it loops', async () => {
    const mediaInfo = new MediaInfo({ program: noteThat(LOOP), timeoutMs: 60_000 });
    const controller = new AbortController();
    const reason = new Error('the activity is cancelled');
    const running = mediaInfo.analyse(bytes, controller.signal);
    const waiting = mediaInfo.analyse(bytes, controller.signal);
    const outcomes = Promise.allSettled([running, waiting]);
    await until('the process to run', () => tryRead(pidFile) !== '');

    controller.abort(reason);

    expect(await outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await untilGone();
  });

  it('is no process any more when there is nothing to do', async () => {
    const answer = "process.on('message', () => process.send({ tracks: [] }))";
    const mediaInfo = new MediaInfo({ program: noteThat(answer), idleMs: 100 });

    expect(await mediaInfo.analyse(bytes)).toEqual({ outcome: 'analysed', tracks: [] });
    await untilGone();
  });

  it('runs without the environment of the worker', async () => {
    const answer = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, JSON.stringify(process.env));
      process.on('message', () => process.send({ tracks: [] }))`;
    const mediaInfo = new MediaInfo({ program: answer });

    expect((await mediaInfo.analyse(bytes)).outcome).toBe('analysed');
    expect(process.env).toHaveProperty('PATH');
    expect(JSON.parse(readFileSync(pidFile, 'utf8'))).not.toHaveProperty('PATH');
  });
});

function tryRead(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
