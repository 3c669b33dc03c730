import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryWatch, residentMib } from '../../bench/memory.ts';
import { createLargeMp4, readBlocks } from '../../bench/download/large-mp4.ts';
import { FigureReport, keeps, median } from '../../bench/figures.ts';
import { MIB, toSizeBytes } from '../../bench/sizes.ts';
import { inspectMedia } from '../../src/media/index.ts';

describe('the file that the benchmark downloads', () => {
  const filler = randomBytes(MIB);

  it.each([MIB, 3 * MIB + 17])('is one whole MP4 of exactly %i bytes', async (sizeBytes) => {
    const bytes = Buffer.concat([...readBlocks(createLargeMp4(sizeBytes), filler)]);

    const inspection = await inspectMedia({
      sizeBytes: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => undefined,
    });

    expect(bytes).toHaveLength(sizeBytes);
    expect(inspection).toMatchObject({
      outcome: 'whole',
      facts: { mediaType: 'video/mp4', durationSeconds: 5 },
    });
  });

  it('cannot be smaller than its film, or need 64 bits for its size', () => {
    expect(() => createLargeMp4(1000)).toThrow(RangeError);
    expect(() => createLargeMp4(2 ** 32)).toThrow(RangeError);
  });
});

describe('a size on the command line', () => {
  it.each([
    ['256MiB', 256 * MIB],
    ['1GiB', 1024 * MIB],
  ])('%s is a number of bytes', (text, bytes) => {
    expect(toSizeBytes(text)).toBe(bytes);
  });

  it.each(['1GB', '0MiB', '1.5GiB', 'MiB', '-1MiB'])('%s is refused', (text) => {
    expect(() => toSizeBytes(text)).toThrow('It must be a size');
  });
});

describe('the memory of a process', () => {
  /** Synchronous, the collection of what was taken included. */
  function takeAndFree(sizeBytes: number): void {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    Buffer.alloc(sizeBytes, 'x');
    for (let round = 0; round < 5; round += 1) collect();
  }

  it('is watched to its peak, also where that lasts no longer than a moment', () => {
    const watch = new MemoryWatch(process.pid);
    const levelMib = watch.peakMib;
    // Nothing can be sampled before this is over.
    takeAndFree(200 * MIB);
    const leftMib = residentMib(process.pid);
    watch.stop();

    expect(leftMib - levelMib).toBeLessThan(100);
    expect(watch.peakMib - levelMib).toBeGreaterThan(150);
  });

  it('is watched no longer than the process runs', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    await once(child, 'spawn');
    const watch = new MemoryWatch(child.pid ?? 0);
    const { peakMib } = watch;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;

    expect(() => watch.stop()).not.toThrow();
    expect(watch.peakMib).toBeGreaterThanOrEqual(peakMib);
  });
});

describe('the figures', () => {
  const figure = { name: 'download.file.ratio', value: 0.85, unit: '' };
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pollux-bench-'));
  });

  afterEach(() => {
    delete process.env['POLLUX_FIGURES'];
    rmSync(folder, { recursive: true });
  });

  it('are JSON lines on stdout and in the file that POLLUX_FIGURES names', () => {
    const file = join(folder, 'figures.jsonl');
    process.env['POLLUX_FIGURES'] = file;
    const printed = jest.spyOn(console, 'log').mockReturnValue(undefined);

    const report = new FigureReport(true);
    report.add({ ...figure, value: 0.123456 });

    const line = '{"name":"download.file.ratio","value":0.123,"unit":""}';
    expect(printed.mock.calls).toEqual([[line]]);
    expect(readFileSync(file, 'utf8')).toBe(`${line}\n`);
    expect(report.conclude()).toBe(0);
  });

  it('end with 1, and a line that says which, where one misses its bound', () => {
    jest.spyOn(console, 'log').mockReturnValue(undefined);
    const said = jest.spyOn(console, 'error').mockReturnValue(undefined);

    const report = new FigureReport(true);
    report.add({ ...figure, name: 'download.s3.ratio' }, { kind: 'at least', value: 0.8 });
    report.add(figure, { kind: 'at least', value: 0.9 });

    expect(report.conclude()).toBe(1);
    expect(said.mock.calls).toEqual([
      ['MISSED: download.file.ratio is 0.85, and must be at least 0.9'],
    ]);
  });

  it('keep to a bound that they reach exactly', () => {
    expect(keeps(figure, { kind: 'at least', value: 0.85 })).toBe(true);
    expect(keeps(figure, { kind: 'at most', value: 0.85 })).toBe(true);
    expect(keeps(figure, { kind: 'at most', value: 0.84 })).toBe(false);
  });

  it('take the median of their pairs', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });
});
