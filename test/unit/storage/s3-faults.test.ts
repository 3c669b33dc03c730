import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { parseS3Url } from '../../../src/core/s3-url.ts';
import { createArtifactStore } from '../../../src/storage/index.ts';
import { S3Bucket, within } from '../../../src/storage/s3-bucket.ts';
import { storingInBucket } from '../../../src/storage/s3-errors.ts';
import type { Meddling, S3Fault } from '../../installation/s3-fault-proxy.ts';
import { startS3Server, useCredentials } from '../../installation/s3-server.ts';
import type { S3Server } from '../../installation/s3-server.ts';
import { openS3Stores, publishBytes, readBytes } from '../../installation/s3-stores.ts';
import type { S3Stores } from '../../installation/s3-stores.ts';

const KEY = 'jobs/job-1/1/0.mp4';
const MEBIBYTE = 1024 * 1024;
const SMALL = Buffer.from('a small object');
/** Three parts, the last one short. */
const LARGE = randomBytes(17 * MEBIBYTE);

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

const answer = (status: number, code?: string): S3Fault =>
  code === undefined ? { kind: 'answer', status } : { kind: 'answer', status, code };
const always =
  (operation: string, fault: S3Fault): Meddling =>
  (call) =>
    call.operation === operation ? fault : undefined;
/** The n-th call of an operation that is about the key. */
const nth = (operation: string, n: number, fault: S3Fault): Meddling => {
  let count = 0;
  return (call) => {
    if (call.operation !== operation || !call.path.endsWith(KEY)) return undefined;
    count += 1;
    return count === n ? fault : undefined;
  };
};
const operationsAt = (key: string): readonly string[] =>
  stores.proxy.calls.filter(({ path }) => path.endsWith(key)).map(({ operation }) => operation);

describe('an S3 server in trouble', () => {
  it.each([
    ['[F4] 503 SlowDown', answer(503, 'SlowDown'), 'storage.unavailable', /503 SlowDown/],
    ['[F4] 500', answer(500, 'InternalError'), 'storage.unavailable', /cannot do it now/],
    [
      '[F4] 403',
      answer(403, 'AccessDenied'),
      'storage.unavailable',
      /s3:PutObject.*in bucket case-/,
    ],
    ['[F5] 507', answer(507, 'InsufficientStorage'), 'storage.full', /has no room/],
    ['[F5] a used-up quota', answer(403, 'QuotaExceeded'), 'storage.full', /has no room/],
  ])('%s leaves no object, and the next try publishes', async (_what, fault, code, message) => {
    await stores.store.probe?.();
    stores.proxy.meddle(always('PutObject', fault));

    const refused = publishBytes(stores.store, KEY, SMALL);

    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
    expect(await stores.direct.head(KEY)).toBeUndefined();
    stores.proxy.meddle(undefined);
    await publishBytes(stores.store, KEY, SMALL);
    expect(await readBytes(stores.direct, KEY)).toEqual(SMALL);
  });

  it('[F4] that is away for a while is storage.unavailable until it is back', async () => {
    await stores.store.probe?.();
    await server.stop();

    await expect(publishBytes(stores.store, KEY, SMALL)).rejects.toMatchObject({
      code: 'storage.unavailable',
    });
    await server.start();
    await publishBytes(stores.store, KEY, SMALL);
    expect(await readBytes(stores.direct, KEY)).toEqual(SMALL);
  });

  it('[F4] one bad answer in the middle of an upload is gone over', async () => {
    stores.proxy.meddle(nth('UploadPart', 2, answer(503, 'SlowDown')));

    await publishBytes(stores.store, KEY, LARGE);

    expect((await readBytes(stores.direct, KEY)).equals(LARGE)).toBe(true);
  });

  it('[F4] that breaks the line during a part leaves neither object nor upload', async () => {
    const isBroken: Meddling = ({ partNumber }) =>
      partNumber === 2 ? { kind: 'cut', afterBytes: MEBIBYTE } : undefined;
    await stores.store.probe?.();
    stores.proxy.meddle(isBroken);

    await expect(publishBytes(stores.store, KEY, LARGE)).rejects.toMatchObject({
      code: 'storage.unavailable',
    });
    expect(operationsAt(KEY).at(-1)).toBe('AbortMultipartUpload');
    expect(await stores.direct.head(KEY)).toBeUndefined();
    expect(await stores.direct.sweep(0)).toBe(0);
    stores.proxy.meddle(undefined);
    await publishBytes(stores.store, KEY, LARGE);
    expect((await readBytes(stores.direct, KEY)).equals(LARGE)).toBe(true);
  });

  it('[F4] that never answers holds nobody longer than the deadline of the call', async () => {
    stores.proxy.meddle(always('HeadObject', { kind: 'hang' }));
    const bucket = new S3Bucket(parseS3Url(stores.url));
    const api = await bucket.api();

    const call = storingInBucket('looking', bucket.name, () =>
      api.headObject(bucket.target(KEY), within(300)),
    );

    await expect(call).rejects.toMatchObject({ code: 'storage.unavailable' });
    api.destroy();
  });

  it('has no such bucket: the message names it', async () => {
    const url = stores.url.replace(/case-\d+/, 'not-there');
    const store = createArtifactStore(url, { temporaryDirectory: stores.folder });

    const refused = publishBytes(store, KEY, SMALL);

    await expect(refused).rejects.toMatchObject({ code: 'storage.unavailable' });
    await expect(refused).rejects.toThrow('there is no bucket not-there');
  });

  it('[F4] refuses a wrong secret: the message says what to check, and shows no secret', async () => {
    const restoreKey = useCredentials({ ...server, secretAccessKey: 'hunter2hunter2hunter2' });
    try {
      const store = createArtifactStore(stores.url, { temporaryDirectory: stores.folder });
      const refused = publishBytes(store, KEY, SMALL);

      await expect(refused).rejects.toMatchObject({ code: 'storage.unavailable' });
      await expect(refused).rejects.toThrow('AWS_SECRET_ACCESS_KEY');
      const shown = inspect(await refused.catch((error: unknown) => error), { depth: null });
      expect(shown).not.toMatch(/hunter2|Signature=|Authorization/i);
      expect(shown).not.toContain(server.accessKeyId);
    } finally {
      restoreKey();
    }
  });
});

describe('an object that is there already', () => {
  it.each([
    ['whole', SMALL, 'PutObject'],
    ['in parts', LARGE, 'CompleteMultipartUpload'],
  ])('[F4 C10] its own, sent %s, whose answer got lost, is success', async (_how, bytes, call) => {
    stores.proxy.meddle(nth(call, 1, { kind: 'lose-answer' }));

    const stored = await publishBytes(stores.store, KEY, bytes).catch(async () =>
      publishBytes(stores.store, KEY, bytes),
    );

    expect(await stores.direct.head(KEY)).toEqual({
      sizeBytes: bytes.length,
      sha256: stored.sha256,
    });
    expect(await stores.direct.sweep(0)).toBe(0);
  });

  it.each([
    ['whole', SMALL, 'PutObject'],
    ['in parts', LARGE, 'CompleteMultipartUpload'],
  ])('[F4] another writer’s, met by 412 of a write %s, stays', async (_how, bytes, call) => {
    const others = Buffer.from(bytes).reverse();
    stores.proxy.meddle(async ({ operation, path }) => {
      if (operation !== call || !path.endsWith(KEY)) return undefined;
      await publishBytes(stores.direct, KEY, others);
      return undefined;
    });

    await expect(publishBytes(stores.store, KEY, bytes)).rejects.toMatchObject({
      code: 'storage.corrupt',
    });
    expect((await readBytes(stores.direct, KEY)).equals(others)).toBe(true);
    expect(await stores.direct.sweep(0)).toBe(0);
  });

  it('[F4] 409: a write that meets another one in the same moment is repeated', async () => {
    await stores.store.probe?.();
    stores.proxy.meddle(nth('PutObject', 1, answer(409, 'ConditionalRequestConflict')));

    await publishBytes(stores.store, KEY, SMALL);

    expect(await readBytes(stores.direct, KEY)).toEqual(SMALL);
  });

  it('[C10] with the same bytes is not sent again', async () => {
    await publishBytes(stores.direct, KEY, LARGE);

    await publishBytes(stores.store, KEY, LARGE);

    expect(operationsAt(KEY)).toEqual(['HeadObject']);
  });
});

describe.each([
  ['says that it knows no conditional writes', answer(501, 'NotImplemented')],
  ['takes conditional writes and overwrites', answer(200)],
])('a server that %s', (_what, fault) => {
  /** As if: nothing that carries the condition reaches the server. */
  const withoutConditions: Meddling = ({ isConditional, operation }) => {
    if (!isConditional) return undefined;
    const isCompletion = operation === 'CompleteMultipartUpload';
    return isCompletion && fault.kind === 'answer' && fault.status === 200
      ? { kind: 'answer', status: 400, code: 'InvalidRequest' }
      : fault;
  };

  it('is written to without the condition, and doctor hears of it', async () => {
    stores.proxy.meddle(withoutConditions);

    await publishBytes(stores.store, KEY, SMALL);
    await publishBytes(stores.store, 'jobs/job-2/1/0.mp4', LARGE);

    expect(await readBytes(stores.direct, KEY)).toEqual(SMALL);
    expect((await stores.direct.head('jobs/job-2/1/0.mp4'))?.sizeBytes).toBe(LARGE.length);
    const findings = await stores.store.probe?.();
    expect(findings?.facts).toContain('conditional put: no');
    expect(findings?.warnings).toEqual([expect.stringContaining('If-None-Match')]);
  });

  it('[F4] is looked at first, so that other bytes stay', async () => {
    stores.proxy.meddle(withoutConditions);
    await publishBytes(stores.direct, KEY, Buffer.from('other bytes'));

    await expect(publishBytes(stores.store, KEY, SMALL)).rejects.toMatchObject({
      code: 'storage.corrupt',
    });
    expect(await readBytes(stores.direct, KEY)).toEqual(Buffer.from('other bytes'));
  });
});
