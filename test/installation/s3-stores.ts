import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactStore, StoredObject } from '../../src/core/artifact-store.ts';
import { createArtifactStore } from '../../src/storage/index.ts';
import { openS3FaultProxy } from './s3-fault-proxy.ts';
import type { S3FaultProxy } from './s3-fault-proxy.ts';
import type { S3Server } from './s3-server.ts';

/** A store in an empty bucket behind a proxy that can meddle, and a second one that nothing meddles with. */
export interface S3Stores {
  readonly store: ArtifactStore;
  /** The same objects, straight from the server. */
  readonly direct: ArtifactStore;
  readonly proxy: S3FaultProxy;
  /** URL of the first store. */
  readonly url: string;
  /** Where its temporaries lie. */
  readonly folder: string;
  close(): Promise<void>;
}

export async function openS3Stores(server: S3Server): Promise<S3Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'pollux-s3-stores-'));
  const proxy = await openS3FaultProxy(server.port);
  const url = await server.createBucket(proxy.port);
  const directUrl = url.replace(`:${proxy.port}`, `:${server.port}`);
  return {
    store: createArtifactStore(url, { temporaryDirectory: folder }),
    direct: createArtifactStore(directUrl, { temporaryDirectory: join(folder, 'direct') }),
    proxy,
    url,
    folder,
    close: async () => {
      await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function publishBytes(
  store: ArtifactStore,
  key: string,
  bytes: Uint8Array,
): Promise<StoredObject> {
  const temporary = await store.openTemporary(key);
  try {
    await temporary.write(bytes);
    const label = { mediaType: 'video/mp4', metadata: { job: 'job-1' } };
    return await store.publish(temporary, key, label);
  } finally {
    await temporary.discard();
  }
}

export async function readBytes(store: ArtifactStore, key: string): Promise<Buffer> {
  const reader = await store.open(key);
  try {
    return Buffer.from(await reader.read(0, reader.sizeBytes));
  } finally {
    await reader.close();
  }
}
