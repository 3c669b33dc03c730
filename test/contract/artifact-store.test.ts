import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFileSystemStore } from '../../src/storage/file-system.ts';
import { artifactStoreContract } from './suites/artifact-store-contract.ts';

const cases = artifactStoreContract({
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pollux-store-'));
    return {
      store: createFileSystemStore({ root: join(folder, 'artifacts') }),
      dispose: () => rm(folder, { recursive: true }),
    };
  },
});

describe('the file system store keeps the laws of the ArtifactStore port', () => {
  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
