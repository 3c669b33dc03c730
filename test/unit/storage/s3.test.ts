import { randomBytes } from 'node:crypto';
import { S3 } from '@aws-sdk/client-s3';

import { parseS3Url } from '../../../src/core/s3-url.ts';
import { startS3Server } from '../../installation/s3-server.ts';
import type { S3Server } from '../../installation/s3-server.ts';
import { openS3Stores, publishBytes, readBytes } from '../../installation/s3-stores.ts';
import type { S3Stores } from '../../installation/s3-stores.ts';

const KEY = 'jobs/job-1/1/0.mp4';
const SMALL = Buffer.from('a small object');
const LARGE = randomBytes(20 * 1024 * 1024);

let server: S3Server;
let stores: S3Stores;
let client: S3;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.close());
beforeEach(async () => {
  stores = await openS3Stores(server);
  const endpoint = `http://127.0.0.1:${server.port}`;
  client = new S3({ endpoint, region: 'us-east-1', forcePathStyle: true });
});
afterEach(async () => {
  client.destroy();
  await stores.close();
});

const target = (): { readonly Bucket: string; readonly Key: string } => ({
  Bucket: parseS3Url(stores.url).bucket,
  Key: `artifacts/${KEY}`,
});

describe('an object of the S3 store', () => {
  it.each([
    ['a small', SMALL],
    ['a large', LARGE],
  ])('tells its readers what it is: %s one', async (_size, bytes) => {
    const { sha256 } = await publishBytes(stores.store, KEY, bytes);

    const head = await client.headObject({ ...target(), ChecksumMode: 'ENABLED' });

    expect(head).toMatchObject({
      ContentType: 'video/mp4',
      ContentDisposition: 'attachment',
      ContentLength: bytes.length,
      Metadata: { job: 'job-1', sha256 },
    });
    expect(head.ChecksumSHA256 ?? head.ChecksumCRC32).toBeDefined();
    expect((await readBytes(stores.store, KEY)).equals(bytes)).toBe(true);
  });

  it('can be read by whoever has a link, as a download, and by nobody else', async () => {
    await publishBytes(stores.store, KEY, SMALL);

    const link = (await stores.direct.linkTo?.(KEY, 60)) ?? '';

    const response = await fetch(link);
    expect(await response.text()).toBe('a small object');
    expect(response.headers.get('content-disposition')).toBe('attachment');
    expect((await fetch(link.split('?')[0] ?? '')).status).toBe(403);
    expect((await fetch(link.replace(KEY, 'jobs/job-1/1/1.mp4'))).status).toBe(403);
  });

  it('has no link where it is not, and none for longer than a signature lives', async () => {
    await expect(stores.store.linkTo?.(KEY, 60)).rejects.toMatchObject({ code: 'storage.missing' });
    await expect(stores.store.linkTo?.(KEY, 604_801)).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });

  it('that is replaced while it is read is no mixture of two', async () => {
    await publishBytes(stores.store, KEY, LARGE);
    const reader = await stores.store.open(KEY);
    await reader.read(0, 2);

    await client.putObject({ ...target(), Body: Buffer.from(LARGE).reverse() });

    await expect(reader.read(1024 * 1024, 4)).rejects.toMatchObject({ code: 'storage.corrupt' });
  });

  it('is read at any place in few calls', async () => {
    await publishBytes(stores.direct, KEY, LARGE);
    const reader = await stores.store.open(KEY);
    const places = [0, 16, 40, 200_000, LARGE.length - 20, LARGE.length - 4];

    const found: Uint8Array[] = [];
    for (const place of places) found.push(await reader.read(place, 16));

    expect(found.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
      places.map((place) => LARGE.subarray(place, place + 16).toString('hex')),
    );
    expect(stores.proxy.calls.map(({ operation }) => operation)).toEqual([
      'HeadObject',
      'GetObject',
      'GetObject',
    ]);
  });

  it('without metadata of ours is compared by its bytes', async () => {
    await client.putObject({ ...target(), Body: SMALL });

    await publishBytes(stores.store, KEY, SMALL);
    await expect(
      publishBytes(stores.store, KEY, Buffer.from('A SMALL OBJECT')),
    ).rejects.toMatchObject({ code: 'storage.corrupt' });
  });
});

describe('the S3 store', () => {
  it('finds out that this server keeps conditions', async () => {
    expect(await stores.store.probe?.()).toEqual({
      facts: [
        'conditional put: yes',
        'conditional completion of an upload in parts: yes',
        'checksums beside the signature: yes',
      ],
      warnings: [],
    });
  });

  it('has at most three parts in flight, over all its uploads', async () => {
    const keys = [0, 1, 2, 3].map((index) => `jobs/job-1/1/${index}.mp4`);

    await Promise.all(keys.map((key) => publishBytes(stores.store, key, LARGE)));

    for (const key of keys) expect((await stores.store.head(key))?.sizeBytes).toBe(LARGE.length);
    expect(stores.proxy.mostPartsAtOnce).toBe(3);
  });

  it('lists every key of a bucket that needs more than one page, and nothing beside them', async () => {
    const { Bucket } = target();
    const names = Array.from({ length: 1_003 }, (_, index) => `artifacts/many/${index}`);
    for (let start = 0; start < names.length; start += 50) {
      const some = names.slice(start, start + 50);
      await Promise.all(some.map((Key) => client.putObject({ Bucket, Key, Body: 'x' })));
    }
    await client.putObject({ Bucket, Key: 'artifacts/many/no key of ours', Body: 'x' });
    await client.putObject({ Bucket, Key: 'elsewhere/many/1', Body: 'x' });

    const found = new Set<string>();
    for await (const key of stores.store.list('many/')) found.add(key);

    expect(found.size).toBe(1_003);
  });

  it('[C11] aborts, in its sweep, old uploads under its prefix, and leaves others alone', async () => {
    const { Bucket, Key } = target();
    await client.createMultipartUpload({ Bucket, Key });
    await client.createMultipartUpload({ Bucket, Key: 'elsewhere/0.mp4' });

    expect(await stores.store.sweep(3_600_000)).toBe(0);
    expect(await stores.store.sweep(0)).toBe(1);
    const left = await client.listMultipartUploads({ Bucket });
    expect(left.Uploads?.map((upload) => upload.Key)).toEqual(['elsewhere/0.mp4']);
  });
});
