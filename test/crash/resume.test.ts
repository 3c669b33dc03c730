import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TransferProgress } from '../../src/activities/transfer-progress.ts';
import type { Artifact } from '../../src/core/job.ts';
import { openFileHost } from '../installation/file-host.ts';
import type { FileHost, FileHostOptions } from '../installation/file-host.ts';
import { until } from '../installation/until.ts';
import { ACCOUNT } from './account.ts';
import { accept, killAt } from './after-acceptance.ts';
import type { StepOf } from './steps.ts';
import type { World } from './world.ts';
import { inWorld, JOB, resultOf } from './world.ts';

const MIB = 1024 * 1024;

/** A whole video of so many bytes: what follows the movie is a box that players skip. */
function toVideo(movie: Buffer, sizeBytes: number): Buffer {
  const padding = randomBytes(sizeBytes - movie.length);
  padding.writeUInt32BE(padding.length, 0);
  padding.write('free', 4, 'latin1');
  return Buffer.concat([movie, padding]);
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const toStep = (url: string): StepOf<'storeArtifact'> => ({
  jobId: JOB,
  number: 1,
  index: 0,
  account: ACCOUNT,
  output: { source: 'url', url, kind: 'video' },
  kind: 'video',
});

interface Scene {
  readonly world: World;
  readonly host: FileHost;
  /** What the host serves. */
  readonly bytes: Buffer;
  readonly movie: Buffer;
}

async function withVideo(
  sizeBytes: number,
  options: FileHostOptions,
  act: (scene: Scene) => Promise<void>,
): Promise<void> {
  await inWorld({}, async (world) => {
    const { taskId } = await accept(world);
    const served = await fetch(`${world.simulator.url}/files/${taskId}-0.mp4`);
    const movie = Buffer.from(await served.arrayBuffer());
    const bytes = toVideo(movie, sizeBytes);
    const host = await openFileHost(bytes, options);
    try {
      await act({ world, host, bytes, movie });
    } finally {
      await host.close();
    }
  });
}

interface Resumed {
  readonly artifact: Artifact;
  /** Bytes that the killed attempt had flushed, as far as its last heartbeat knew. */
  readonly flushedBytes: number;
}

/** A transfer that is killed when its host has sent so many bytes, and the next attempt of it on the same machine. */
async function killAndResume(
  { world, host }: Scene,
  afterBytes: number,
  change: () => void = () => undefined,
): Promise<Resumed> {
  const step = toStep(host.url);
  host.stallNext(afterBytes);
  const process = await world.start([['storeArtifact', step]]);
  const previous = await until('so many bytes to arrive', async () => {
    const last = (await world.heartbeats()).at(-1) as TransferProgress | undefined;
    return last !== undefined && last.bytes >= afterBytes && last;
  });
  process.signal('SIGKILL');
  await process.ended;
  change();
  const end = await world.run([['storeArtifact', { ...step, previous }]]);
  const artifact = resultOf(end, 'storeArtifact') as Artifact;
  return { artifact, flushedBytes: previous.resume?.mark.sizeBytes ?? 0 };
}

const temporariesOf = (world: World): Promise<readonly string[]> =>
  readdir(join(world.store, '.tmp'));

it('[C8] a transfer killed at any byte goes on from the bytes that are flushed, and the file is whole', async () => {
  for (const share of [0.45, 0.7, Math.random() * 0.5 + 0.45, 1 - 1 / (40 * MIB)]) {
    await withVideo(40 * MIB, {}, async (scene) => {
      const { world, host, bytes } = scene;
      const afterBytes = Math.floor(bytes.length * share);
      const { artifact, flushedBytes } = await killAndResume(scene, afterBytes);

      expect({ afterBytes, isResumed: flushedBytes >= 16 * MIB }).toMatchObject({
        isResumed: true,
      });
      const ranges = host.requests.map(({ range }) => range);
      expect(ranges).toEqual([undefined, `bytes=${flushedBytes}-`]);
      expect(artifact).toMatchObject({ sizeBytes: bytes.length, sha256: sha256Of(bytes) });
      expect(await temporariesOf(world)).toEqual([]);
    });
  }
});

it('[C8] a file that changed at its host meanwhile is fetched from its start', async () => {
  await withVideo(24 * MIB, {}, async (scene) => {
    const { world, host, movie } = scene;
    const changed = toVideo(movie, 24 * MIB);
    const { artifact } = await killAndResume(scene, 20 * MIB, () => host.serve(changed));

    expect(host.requests[1]?.['if-range']).toBeDefined();
    expect(artifact.sha256).toBe(sha256Of(changed));
    expect(await temporariesOf(world)).toEqual([]);
  });
});

it.each(['weak', 'none'] as const)(
  '[C8] a host whose entity tags are %s is asked for the whole file again',
  async (entityTags) => {
    await withVideo(24 * MIB, { entityTags }, async (scene) => {
      const { world, host, bytes } = scene;
      const { artifact } = await killAndResume(scene, 20 * MIB);

      expect(host.requests.map(({ range }) => range)).toEqual([undefined, undefined]);
      expect(artifact.sha256).toBe(sha256Of(bytes));
      expect(await world.temporaries()).toEqual([]);
    });
  },
);

it('[C10] what a killed transfer had published is kept, although its URL is dead by now', async () => {
  await withVideo(2 * MIB, {}, async ({ world, host, bytes }) => {
    const step = toStep(host.url);
    await killAt(world, ['storeArtifact', step], { moment: '^after file link ' });
    host.serve(Buffer.from('gone'));
    const end = await world.run([['storeArtifact', step]]);

    expect(resultOf(end, 'storeArtifact')).toMatchObject({ sha256: sha256Of(bytes) });
    expect(await world.look((ledger) => ledger.artifacts(JOB))).toHaveLength(1);
  });
});
