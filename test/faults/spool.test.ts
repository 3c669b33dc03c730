import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../src/core/logger.ts';
import { PLAIN } from '../../src/core/sealer.ts';
import type { Spool, SpoolRecord } from '../../src/core/spool.ts';
import { createFileSpool } from '../../src/ledger/spool.ts';
import type { Injection } from '../crash/strace.ts';
import { walkKilled } from '../crash/strace.ts';
import { mountSmallDisk } from './small-disk.ts';
import { appendUnder, share } from './spool-process.ts';

const JOBS = ['job-1', 'job-2'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pollux-spool-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function newDirectory(): Promise<string> {
  return join(await mkdtemp(join(folder, 'host-')), 'spool');
}

/** Fails the test where the spool has something to complain about. */
function openSpool(directory: string): Spool {
  const ignore = (): void => undefined;
  const error = (message: string): never => {
    throw new Error(message);
  };
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error };
  return createFileSpool({ directory, sealer: PLAIN, logger });
}

function recordOf(jobId: string, body = ''): SpoolRecord {
  const evidence = { reason: 'cut', httpStatus: 200, body };
  const at = '2026-11-21T12:00:00.000Z';
  return { jobId, number: 1, outcome: { outcome: 'unknown', evidence }, worker: 'test', at };
}

async function jobIdsOf(spool: Spool): Promise<readonly string[]> {
  return (await spool.records()).map(({ record }) => record.jobId);
}

const kept = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.startsWith('kept ')).map((line) => line.slice('kept '.length));

describe('a process that spools', () => {
  it.each([
    ['mkdir', 2],
    ['openat', 4],
    ['write', 2],
    ['fsync', 4],
    ['close', 4],
    ['rename', 2],
  ])(
    'and is killed at any %s leaves each record whole or not at all, and all that it was told are kept',
    async (call, atLeast) => {
      const killed = await walkKilled(call, async (injection) => {
        const directory = await newDirectory();
        const { signal, lines } = await appendUnder(injection, directory, JOBS);
        const spooled = await jobIdsOf(openSpool(directory));

        expect(JOBS.slice(0, spooled.length)).toEqual(spooled);
        expect(spooled.length).toBeGreaterThanOrEqual(kept(lines).length);
        return signal === 'SIGKILL';
      });

      expect(killed).toBeGreaterThanOrEqual(atLeast);
    },
    120_000,
  );

  it.each<[string, string, readonly string[]]>([
    ['the file', '2', []],
    ['the folder', '3', ['job-1']],
  ])(
    'and cannot flush %s is told so, is not asked again, and goes on with the next record',
    async (_, when, doubtful) => {
      const directory = await newDirectory();
      // The first flush is that of the folder above, which gets a new name.
      const injection: Injection = { call: 'fsync', effect: 'error=EIO', when };

      const { lines } = await appendUnder(injection, directory, JOBS);

      expect(lines).toEqual(['refused job-1 storage.unavailable', 'kept job-2']);
      expect(await jobIdsOf(openSpool(directory))).toEqual([...doubtful, 'job-2']);
      expect((await readdir(directory)).every((name) => name.endsWith('.json'))).toBe(true);
    },
    60_000,
  );

  it.each([
    ['a quota that is used up', 'openat', 'EDQUOT', 'storage.full'],
    ['a file that cannot be opened', 'openat', 'EMFILE', 'storage.unavailable'],
    ['a rename that fails', 'rename', 'EIO', 'storage.unavailable'],
    ['a folder that cannot be made', 'mkdir', 'EROFS', 'storage.unavailable'],
  ])(
    'is told of %s, and leaves nothing',
    async (_, call, error, code) => {
      const directory = await newDirectory();
      const injection: Injection = { call, effect: `error=${error}`, when: '1+' };

      const { lines } = await appendUnder(injection, directory, JOBS.slice(0, 1));

      expect(lines).toEqual([`refused job-1 ${code}`]);
      expect(await readdir(directory).catch(() => [])).toEqual([]);
    },
    60_000,
  );
});

describe('two processes that share a spool', () => {
  it('lose nothing and remove nothing that was not drained', async () => {
    const directory = await newDirectory();
    const mine = Array.from({ length: 150 }, (_, index) => `mine-${index}`);
    const yours = Array.from({ length: 150 }, (_, index) => `yours-${index}`);

    const ends = await Promise.all([share(directory, mine), share(directory, yours)]);

    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const lines = new Set(ends.flatMap((end) => end.lines));
    const drained = [...lines].map((line) => JSON.parse(line) as { name: string; jobId: string });
    expect(drained.map(({ jobId }) => jobId).sort()).toEqual([...mine, ...yours].sort());
    expect(new Set(drained.map(({ name }) => name)).size).toBe(drained.length);
    expect(await readdir(directory)).toEqual([]);
  }, 60_000);
});

describe('a spool on a small disk', () => {
  it('says when it is full, keeps what it has, and takes records again once there is room', async () => {
    const directory = await newDirectory();
    const disk = mountSmallDisk(directory);
    if (disk === undefined) return;
    try {
      const spool = openSpool(directory);
      await spool.probe();
      const full = await fill(spool);

      expect(full.code).toBe('storage.full');
      expect(await jobIdsOf(spool)).toEqual(full.kept);
      expect((await readdir(directory)).filter((name) => !name.endsWith('.json'))).toEqual([]);
      await expect(spool.probe()).rejects.toMatchObject({ code: 'storage.full' });

      for (const { name } of (await spool.records()).slice(0, 3)) await spool.remove(name);
      await spool.probe();
      await spool.append(recordOf('job-again'));
      expect(await jobIdsOf(spool)).toEqual([...full.kept.slice(3), 'job-again']);
    } finally {
      disk.close();
    }
  }, 60_000);

  it('can be read, and takes nothing, where nobody may write', async () => {
    const directory = await newDirectory();
    const disk = mountSmallDisk(directory);
    if (disk === undefined) return;
    try {
      const spool = openSpool(directory);
      await spool.append(recordOf('job-1'));
      disk.refuseWrites();

      await expect(spool.append(recordOf('job-2'))).rejects.toMatchObject({
        code: 'storage.unavailable',
      });
      await expect(spool.probe()).rejects.toMatchObject({ code: 'storage.unavailable' });
      expect(await jobIdsOf(spool)).toEqual(['job-1']);
    } finally {
      disk.close();
    }
  }, 60_000);
});

/** Appends records of 8 KB until one is refused. */
async function fill(spool: Spool): Promise<{ code: unknown; kept: readonly string[] }> {
  const jobIds: string[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    const jobId = `job-${index}`;
    try {
      await spool.append(recordOf(jobId, 'x'.repeat(8_000)));
    } catch (error) {
      return { code: (error as { code?: unknown }).code, kept: jobIds };
    }
    jobIds.push(jobId);
  }
  throw new Error('the disk was never full');
}
