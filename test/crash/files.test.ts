import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AcceptedTask } from '../../src/activities/index.ts';
import type { TransferProgress } from '../../src/activities/transfer-progress.ts';
import type { Artifact } from '../../src/core/job.ts';
import { createFileSystemStore } from '../../src/storage/file-system.ts';
import { openFileHost } from '../installation/file-host.ts';
import { measureFile } from '../installation/stored-file.ts';
import { until } from '../installation/until.ts';
import { ACCOUNT } from './account.ts';
import { accept, killAt } from './after-acceptance.ts';
import type { StepOf } from './steps.ts';
import { violationsOf, walk } from './walk.ts';
import type { World } from './world.ts';
import { inWorld, JOB } from './world.ts';

const toUrl = (world: World, { taskId }: AcceptedTask): string =>
  `${world.simulator.url}/files/${taskId}-0.mp4`;

const toStep = (url: string): StepOf<'storeArtifact'> => ({
  jobId: JOB,
  number: 1,
  index: 0,
  account: ACCOUNT,
  output: { source: 'url', url, kind: 'video' },
  kind: 'video',
});

const keysIn = async (world: World): Promise<readonly string[]> => {
  const keys: string[] = [];
  for await (const key of createFileSystemStore({ root: world.store }).list('')) keys.push(key);
  return keys;
};

/** Stores the output again, and expects one whole object, one record and nothing else. */
async function expectStoredAgain(world: World, step: StepOf<'storeArtifact'>): Promise<Artifact> {
  const artifact = await world.later((worker) => worker.storeArtifact(step));
  const { key, sizeBytes, sha256 } = artifact;

  expect(await world.look((ledger) => ledger.artifacts(JOB))).toEqual([artifact]);
  expect(await keysIn(world)).toEqual([key]);
  expect(await measureFile(artifact)).toEqual({ sizeBytes, sha256 });
  expect(await world.temporaries()).toEqual([]);
  return artifact;
}

it.each([
  ['C8 killed before the first byte is written', '^before file write '],
  ['C9 killed before the temporary is flushed', '^before file sync .*[.]tmp/'],
  ['C9 killed before the artifact has its name', '^before file link '],
])('%s: nothing at its key, and fetched again', (_, moment) =>
  inWorld({}, async (world) => {
    const step = toStep(toUrl(world, await accept(world)));
    await killAt(world, ['storeArtifact', step], { moment });
    const keysBefore = await keysIn(world);

    expect(keysBefore).toEqual([]);
    await expectStoredAgain(world, step);
  }),
);

it('C8 killed in the middle of a download: nothing at its key, and fetched again', async () => {
  await inWorld({}, async (world) => {
    const served = await fetch(toUrl(world, await accept(world)));
    const host = await openFileHost(new Uint8Array(await served.arrayBuffer()));
    const step = toStep(host.url);
    host.stallNext(500);
    const process = await world.start([['storeArtifact', step]]);
    await until('a part of the file to arrive', async () => {
      const last = (await world.heartbeats()).at(-1) as TransferProgress | undefined;
      return last?.bytes === 500;
    });
    process.signal('SIGKILL');
    await process.ended;
    const keysBefore = await keysIn(world);

    expect(keysBefore).toEqual([]);
    await expectStoredAgain(world, step);
    await host.close();
  });
});

it.each([
  ['C10 killed once the artifact has its name', '^after file link '],
  ['C10 killed before the artifact is recorded', '^before sql commit'],
  ['C10 killed after the artifact is recorded', '^after sql commit'],
])('%s: one object, one record', (_, moment) =>
  inWorld({}, async (world) => {
    const step = toStep(toUrl(world, await accept(world)));
    await killAt(world, ['storeArtifact', step], { moment });
    const [published = ''] = await keysIn(world);
    const url = createFileSystemStore({ root: world.store }).urlOf(published);
    const bytesBefore = await readFile(fileURLToPath(url));
    const artifact = await expectStoredAgain(world, step);

    expect(artifact.key).toBe(published);
    expect(await readFile(fileURLToPath(artifact.url))).toEqual(bytesBefore);
  }),
);

it.each([
  ['C8 C9 C10 killed at any fsync', 'fsync', 6],
  ['C9 killed at any link', 'link', 1],
])('%s of a transfer: one object, one record', async (_, call, atLeast) => {
  const walked = await walk(call, async (world, injection) => {
    const step = toStep(toUrl(world, await accept(world)));
    const { signal } = await world.run([['storeArtifact', step]], { injection });
    await expectStoredAgain(world, step);
    return signal === 'SIGKILL';
  });

  expect(violationsOf(walked)).toEqual([]);
  expect(walked.killed).toBeGreaterThanOrEqual(atLeast);
});
