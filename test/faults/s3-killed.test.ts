import { spawn } from 'node:child_process';
import { join } from 'node:path';

import type { Meddling, S3Call } from '../installation/s3-fault-proxy.ts';
import { startS3Server } from '../installation/s3-server.ts';
import type { S3Server } from '../installation/s3-server.ts';
import { openS3Stores, publishBytes } from '../installation/s3-stores.ts';
import type { S3Stores } from '../installation/s3-stores.ts';
import { until } from '../installation/until.ts';

const KEY = 'jobs/job-1/1/0.mp4';
/** Three parts. */
const BYTES = Buffer.alloc(20 * 1024 * 1024, 7);
const CHILD = join(__dirname, 'child', 'publish-to-s3.mjs');

let server: S3Server;
let stores: S3Stores;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.close());
beforeEach(async () => {
  stores = await openS3Stores(server);
});
afterEach(() => stores.close());

const isAbout =
  (operation: string) =>
  (call: S3Call): boolean =>
    call.operation === operation && call.path.endsWith(KEY);

/** Publishes in a process of its own, which is killed once this call has arrived, of which it never hears. */
async function killAt(operation: string, meddling: Meddling): Promise<void> {
  const isCall = isAbout(operation);
  stores.proxy.meddle((call) => (isCall(call) ? meddling(call) : undefined));
  const parameters = [CHILD, stores.url, stores.folder, KEY, String(BYTES.length)];
  const child = spawn(process.execPath, parameters, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await until(`the process to call ${operation}`, () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return stores.proxy.calls.some(isCall);
    });
    await until('the server to have what it gets', () => operation !== 'UploadPart' || hasParts());
  } finally {
    child.kill('SIGKILL');
    await ended;
    stores.proxy.meddle(undefined);
  }
}

const hasParts = (): boolean => stores.proxy.calls.filter(isAbout('UploadPart')).length === 3;
const countOf = (operation: string): number => stores.proxy.calls.filter(isAbout(operation)).length;

async function keysThere(): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const key of stores.direct.list('')) keys.push(key);
  return keys;
}

describe('a worker that is killed while it publishes to S3', () => {
  it.each([
    ['between two parts', 'UploadPart', 3],
    ['before the parts are put together', 'CompleteMultipartUpload', undefined],
  ])(
    '[C11 F4] %s leaves no object, the sweep what it left, and the next try publishes once',
    async (_when, operation, partNumber) => {
      await killAt(operation, (call) =>
        partNumber === undefined || call.partNumber === partNumber ? { kind: 'hang' } : undefined,
      );

      expect(await keysThere()).toEqual([]);
      // The temporary file of the dead worker, and its upload.
      expect(await stores.store.sweep(0)).toBe(2);
      expect(await stores.store.sweep(0)).toBe(0);
      const stored = await publishBytes(stores.store, KEY, BYTES);
      expect(await keysThere()).toEqual([KEY]);
      expect(await stores.direct.head(KEY)).toEqual({
        sizeBytes: BYTES.length,
        sha256: stored.sha256,
      });
    },
  );

  it('[C10] after the object was made, before it heard of it: the next try sends nothing', async () => {
    await killAt('CompleteMultipartUpload', () => ({ kind: 'lose-answer' }));
    await until('the object', () => stores.direct.head(KEY));
    const sent = countOf('UploadPart');

    const stored = await publishBytes(stores.store, KEY, BYTES);

    expect(await stores.direct.head(KEY)).toMatchObject({ sha256: stored.sha256 });
    expect(countOf('UploadPart')).toBe(sent);
    expect(await keysThere()).toEqual([KEY]);
  });
});
