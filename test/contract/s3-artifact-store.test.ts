import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createArtifactStore } from '../../src/storage/index.ts';
import { startS3Server } from '../installation/s3-server.ts';
import type { S3Server } from '../installation/s3-server.ts';
import { artifactStoreContract } from './suites/artifact-store-contract.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.close());

const cases = artifactStoreContract({
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pollux-store-'));
    const url = await server.createBucket();
    return {
      store: createArtifactStore(url, { temporaryDirectory: join(folder, 'transfers') }),
      dispose: () => rm(folder, { recursive: true }),
    };
  },
});

describe('the S3 store keeps the laws of the ArtifactStore port', () => {
  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
