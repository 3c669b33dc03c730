import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { InspectMedia, MediaBytes } from '../../../src/core/media.ts';
import { createMediaInspector, findFfmpeg, inspectMedia } from '../../../src/media/index.ts';
import { until } from '../../installation/until.ts';
import { reader, sample, sampleNames } from './samples.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-decode-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function onDisk(bytes: Buffer): MediaBytes {
  const path = join(folder, 'a file: 100%d.part');
  writeFileSync(path, bytes);
  return { ...reader(bytes), path };
}

/** Ten bytes at 60 % of the file are others. */
function withRot(bytes: Buffer): Buffer {
  const rotten = Buffer.from(bytes);
  const start = Math.floor(bytes.length * 0.6);
  for (let offset = start; offset < start + 10; offset += 1) rotten[offset]! ^= 0x5a;
  return rotten;
}

describe('decoding with ffmpeg', () => {
  let inspect: InspectMedia;

  beforeAll(async () => {
    const ffmpeg = await findFfmpeg(process.env);
    if (ffmpeg === undefined)
      throw new Error('ffmpeg is missing: run `npm run setup -- --for-tests`');
    inspect = createMediaInspector({ ffmpeg });
  });

  it.each(sampleNames)('lets %s pass', async (name) => {
    const inspection = await inspect(onDisk(sample(name)));

    const doubts = inspection.outcome === 'whole' ? inspection.facts.doubts : [inspection.detail];
    // ffmpeg reads no animated WebP before its version 8.
    const known = name === 'animated.webp' ? doubts.filter(isInability) : [];
    expect(doubts).toEqual(known);
  });

  it.each(['faststart.mp4', 'movie.webm', 'image.gif', 'sound.mp3', 'sound.ogg'])(
    'refuses %s with ten other bytes in its middle, which has the structure of a whole file',
    async (name) => {
      const file = onDisk(withRot(sample(name)));
      expect((await inspectMedia(file)).outcome).toBe('whole');

      const inspection = await inspect(file);

      expect(inspection).toMatchObject({ outcome: 'broken', found: 'corrupt' });
      expect(JSON.stringify(inspection)).not.toContain(folder);
    },
  );

  it('does not happen to bytes that are not on this machine', async () => {
    expect((await inspect(reader(withRot(sample('faststart.mp4'))))).outcome).toBe('whole');
  });
});

function isInability(doubt: string): boolean {
  return doubt === 'ffmpeg could not check the file: it is not able to decode such a file';
}

describe('a program in the place of ffmpeg', () => {
  const programOf = (script: string): string => {
    const program = join(folder, 'ffmpeg');
    writeFileSync(program, `#!${process.execPath}\n${script}\n`);
    chmodSync(program, 0o755);
    return program;
  };
  const doubtsOf = async (ffmpeg: string): Promise<readonly string[]> => {
    const inspection = await createMediaInspector({ ffmpeg })(onDisk(sample('silent.mp4')));
    return inspection.outcome === 'whole' ? inspection.facts.doubts : [inspection.detail];
  };

  it.each([
    ['is not there', undefined, 'it cannot be started'],
    ['says nothing and fails', 'process.exit(3)', 'it ended with 3'],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', 'it ended with a signal'],
    [
      'lacks the decoder',
      'console.error("Decoder (codec none) not found for input stream #0:0"); process.exit(1)',
      'it is not able to decode such a file',
    ],
  ])('that %s makes a doubt, not a refusal', async (_, script, why) => {
    const ffmpeg = script === undefined ? join(folder, 'absent') : programOf(script);

    expect(await doubtsOf(ffmpeg)).toEqual([`ffmpeg could not check the file: ${why}`]);
  });

  it('is heard although it ends well, but not about its output', async () => {
    expect(await doubtsOf(programOf('console.error("[null @ 0x1] odd times")'))).toEqual([]);
    expect(await doubtsOf(programOf('console.error("[h264 @ 0x1] error while decoding")'))).toEqual(
      ['ffmpeg decodes the file with errors, the first in h264'],
    );
  });

  it('is killed with the signal, whose reason is thrown', async () => {
    const pidFile = join(folder, 'pid');
    const ffmpeg = programOf(
      `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`,
    );
    const controller = new AbortController();
    const reason = new Error('the activity is cancelled');
    const inspecting = createMediaInspector({ ffmpeg })(
      onDisk(sample('silent.mp4')),
      controller.signal,
    );
    const outcome = inspecting.catch((error: unknown) => error);
    const pid = await untilWritten(pidFile);

    controller.abort(reason);

    expect(await outcome).toBe(reason);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

async function untilWritten(file: string): Promise<number> {
  let text = '';
  await until('the program to run', () => {
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return false;
    }
    return text !== '';
  });
  return Number(text);
}

describe('findFfmpeg', () => {
  it('finds the first program of that name on the PATH', async () => {
    const [empty, blocked, first, second] = ['empty', 'blocked', 'first', 'second'].map((name) =>
      join(folder, name),
    ) as [string, string, string, string];
    for (const path of [empty, blocked, first, second]) mkdirSync(path);
    mkdirSync(join(empty, 'ffmpeg'));
    writeFileSync(join(blocked, 'ffmpeg'), '', { mode: 0o644 });
    for (const path of [first, second]) writeFileSync(join(path, 'ffmpeg'), '', { mode: 0o755 });

    const path = ['relative', '', empty, blocked, first, second].join(':');
    expect(await findFfmpeg({ PATH: path })).toBe(join(first, 'ffmpeg'));
    expect(await findFfmpeg({ PATH: empty })).toBeUndefined();
    expect(await findFfmpeg({})).toBeUndefined();
  });
});
