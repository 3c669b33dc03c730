import { createFileSystemStore } from '../../src/storage/file-system.ts';
import { mountSmallDisk } from '../faults/small-disk.ts';
import type { SmallDisk } from '../faults/small-disk.ts';
import { measureFile } from '../installation/stored-file.ts';
import { ACCOUNT } from './account.ts';
import { accept } from './after-acceptance.ts';
import type { RunOptions, World } from './world.ts';
import type { StepOf } from './steps.ts';
import { endOf, inWorld, JOB } from './world.ts';

// What a transfer meets at the disk of the store. The task is accepted before, and never created again.

async function toStep(world: World): Promise<StepOf<'storeArtifact'>> {
  const { taskId } = await accept(world);
  const url = `${world.simulator.url}/files/${taskId}-0.mp4`;
  return {
    jobId: JOB,
    number: 1,
    index: 0,
    account: ACCOUNT,
    output: { source: 'url', url, kind: 'video' },
    kind: 'video',
  };
}

/** One attempt that fails with this code and leaves nothing at a key. */
async function expectRefusal(
  world: World,
  step: StepOf<'storeArtifact'>,
  code: string,
  options: RunOptions = {},
): Promise<void> {
  const end = await world.run([['storeArtifact', step]], options);
  expect(endOf(end, 'storeArtifact').error).toMatchObject({ code });
  const keys: string[] = [];
  for await (const key of createFileSystemStore({ root: world.store }).list('')) keys.push(key);
  expect(keys).toEqual([]);
}

async function expectStored(world: World, step: StepOf<'storeArtifact'>): Promise<void> {
  const artifact = await world.later((worker) => worker.storeArtifact(step));
  const { sizeBytes, sha256 } = artifact;
  expect(await measureFile(artifact)).toEqual({ sizeBytes, sha256 });
  expect(await world.temporaries()).toEqual([]);
  expect(world.creates()).toHaveLength(1);
}

it.each<[string, string, (disk: SmallDisk) => void]>([
  ['full', 'storage.full', () => undefined],
  ['read-only', 'storage.unavailable', (disk) => disk.refuseWrites()],
])(
  '[F5] the disk of the store is %s: nothing is published, and the next attempt stores it',
  (_, code, spoil) =>
    inWorld({}, async (world) => {
      const step = await toStep(world);
      const disk = mountSmallDisk(world.store);
      if (disk === undefined) return;
      try {
        spoil(disk);
        await expectRefusal(world, step, code);
      } finally {
        disk.close();
      }

      await expectStored(world, step);
    }),
);

it('[F5] the file cannot be flushed: nothing is published, and the next attempt stores it', () =>
  inWorld({}, async (world) => {
    const step = await toStep(world);
    const injection = { call: 'fsync', effect: 'error=EIO', when: '1+' };
    await expectRefusal(world, step, 'storage.unavailable', { injection });

    await expectStored(world, step);
  }));
