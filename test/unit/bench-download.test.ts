import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(__dirname, '..', '..', 'dist', 'bench', 'index.js');

interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-bench-download-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function bench(...line: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...line], (error, out, err) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describe('npm run bench', () => {
  it.each([[[]], [['download']]])('explains %j with examples', async (command) => {
    const { exitCode, out } = await bench(...command, '--help');

    expect(exitCode).toBe(0);
    expect(out).toContain('Examples:');
  });

  it('refuses what it does not know with 2', async () => {
    const { exitCode, err } = await bench('download', '--store', 'tape');

    expect(exitCode).toBe(2);
    expect(err).toContain('Allowed choices are file, s3');
  });

  it('downloads on both sides, prints its figures and nothing else, and leaves no file', async () => {
    const line = ['download', '--store', 'file', '--size', '4MiB', '--repeat', '1', '--json'];
    const { exitCode, out, err } = await bench(...line, '--folder', folder);

    const figures = out
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as { name: string; value: number; unit: string });
    expect(figures.map(({ name, unit }) => `${name} ${unit}`.trimEnd())).toEqual([
      'download.file.ours MiB/s',
      'download.file.baseline MiB/s',
      'download.file.ratio',
      'download.file.rss_growth MiB',
      'download.file.parallel8.ours MiB/s',
      'download.file.parallel8.rss_growth MiB',
    ]);
    expect(figures.every(({ value }) => Number.isFinite(value))).toBe(true);
    // So small a file says nothing about the bounds.
    expect(exitCode).toBe(err.includes('MISSED') ? 1 : 0);
    expect(readdirSync(folder)).toEqual([]);
  });
});
