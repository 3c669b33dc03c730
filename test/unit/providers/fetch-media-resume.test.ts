import type { BodyPosition, BodyStart, FetchedMedia } from '../../../src/core/media.ts';
import { createMediaFetcher } from '../../../src/providers/fetch-media.ts';
import type { FileStory, HostileServer } from '../../installation/hostile-files.ts';
import {
  answer,
  redirect,
  serveTagged,
  startHostileServer,
} from '../../installation/hostile-files.ts';

const WHOLE = Buffer.from('0123456789');
const TAG = '"film-1"';
const OFFSET = 4;

let server: HostileServer;
let other: HostileServer;
let starts: BodyStart[];
let received: Buffer[];

beforeEach(async () => {
  server = await startHostileServer(answer(200));
  other = await startHostileServer(answer(200));
  starts = [];
  received = [];
});

afterEach(async () => {
  await server.close();
  await other.close();
});

const position = (more: Partial<BodyPosition> = {}): BodyPosition => ({
  origin: server.baseUrl,
  entityTag: TAG,
  offset: OFFSET,
  ...more,
});

function fetchMedia(
  resume?: BodyPosition,
  maxBytes = 1_000,
  url = `${server.baseUrl}/a.mp4`,
): Promise<FetchedMedia> {
  const options = {
    signal: new AbortController().signal,
    maxBytes,
    timeoutMs: 20_000,
    allowPrivateHosts: true,
    ...(resume === undefined ? {} : { resume }),
  };
  return createMediaFetcher().fetch(url, options, {
    begin: async (start) => {
      starts.push(start);
    },
    write: async (bytes) => {
      received.push(Buffer.from(bytes));
    },
  });
}

/** 206 with these headers in place of the right ones, and this body in place of the rest. */
function partial(
  headers: Readonly<Record<string, string | number>> = {},
  body: Uint8Array = WHOLE.subarray(OFFSET),
): FileStory {
  const right = {
    etag: TAG,
    'content-range': `bytes ${OFFSET}-${WHOLE.length - 1}/${WHOLE.length}`,
  };
  return answer(206, { 'content-length': body.length, ...right, ...headers }, body);
}

const whole = { offset: 0, sizeBytes: WHOLE.length };
const rangesAsked = (): readonly (string | undefined)[] =>
  server.requests.map(({ headers }) => headers['range']);

describe('a download that an earlier try began', () => {
  it('goes on where that one ended', async () => {
    server.tell(serveTagged(WHOLE, TAG, () => partial()));

    const media = await fetchMedia(position());

    expect(media.sizeBytes).toBe(WHOLE.length);
    expect(starts).toEqual([
      { offset: OFFSET, sizeBytes: WHOLE.length, origin: server.baseUrl, entityTag: TAG },
    ]);
    expect(Buffer.concat(received)).toEqual(WHOLE.subarray(OFFSET));
    expect(server.requests[0]?.headers).toMatchObject({ range: 'bytes=4-', 'if-range': TAG });
  });

  it('begins again where the host answers with the whole file', async () => {
    server.tell(answer(200, { 'content-length': WHOLE.length, etag: '"film-2"' }, WHOLE));

    await fetchMedia(position());

    expect(starts).toMatchObject([{ ...whole, entityTag: '"film-2"' }]);
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, FileStory]>([
    ['another place', partial({ 'content-range': 'bytes 3-9/10' })],
    ['a rest that does not reach the end', partial({ 'content-range': 'bytes 4-8/10' })],
    ['a rest of unknown length', partial({ 'content-range': 'bytes 4-9/*' })],
    ['no range at all', partial({ 'content-range': '' })],
    ['several ranges', partial({ 'content-type': 'multipart/byteranges; boundary=x' })],
    ['another tag', partial({ etag: '"film-2"' })],
    ['a weak tag', partial({ etag: `W/${TAG}` })],
    ['416', answer(416, { 'content-range': 'bytes */10', 'content-length': 0 })],
  ])('is fetched whole in the same call where the host serves %s', async (_, story) => {
    server.tell(serveTagged(WHOLE, TAG, () => story));

    const media = await fetchMedia(position());

    expect(media.sizeBytes).toBe(WHOLE.length);
    expect(starts).toMatchObject([whole]);
    expect(Buffer.concat(received)).toEqual(WHOLE);
    expect(rangesAsked()).toEqual(['bytes=4-', undefined]);
  });

  it('is asked of the host that has it, not of the one that points there', async () => {
    server.tell(serveTagged(WHOLE, TAG, () => partial()));
    other.tell(redirect(`${server.baseUrl}/b.mp4`));

    await fetchMedia(position(), 1_000, `${other.baseUrl}/a.mp4`);

    expect(other.requests[0]?.headers).not.toHaveProperty('range');
    expect(starts).toMatchObject([{ offset: OFFSET, origin: server.baseUrl }]);
  });

  it('begins again at another host, which is not asked for a rest', async () => {
    server.tell(serveTagged(WHOLE, TAG, () => partial()));

    await fetchMedia(position({ origin: other.baseUrl }));

    expect(starts).toMatchObject([whole]);
    expect(rangesAsked()).toEqual([undefined]);
  });

  it.each(['W/"weak"', 'bare', '"a"\r\nx: y', ''])(
    'is not asked for by %j, which is no strong tag',
    async (entityTag) => {
      server.tell(serveTagged(WHOLE, TAG, () => partial()));

      await fetchMedia(position({ entityTag }));

      expect(rangesAsked()).toEqual([undefined]);
    },
  );

  it('counts what is here already against the cap', async () => {
    server.tell(serveTagged(WHOLE, TAG, () => partial()));

    await expect(fetchMedia(position(), WHOLE.length - 1)).rejects.toMatchObject({
      code: 'provider.output_invalid',
      details: { found: 'too_large' },
    });
    expect(starts).toEqual([]);
  });

  it('that ends before the announced whole is tried again', async () => {
    server.tell(serveTagged(WHOLE, TAG, () => partial({}, WHOLE.subarray(OFFSET, 8))));

    await expect(fetchMedia(position())).rejects.toMatchObject({
      code: 'provider.unavailable',
      details: { cause: '8 of 10 bytes came' },
    });
  });

  it('that goes on beyond the announced whole is refused', async () => {
    const more = Buffer.concat([WHOLE.subarray(OFFSET), Buffer.from('!')]);
    server.tell(serveTagged(WHOLE, TAG, () => partial({}, more)));

    await expect(fetchMedia(position())).rejects.toMatchObject({
      code: 'provider.output_invalid',
      details: { found: 'longer_than_announced' },
    });
    expect(received).toEqual([]);
  });
});

describe('what a later try may go on from', () => {
  it.each([
    [{ etag: TAG }, TAG],
    [{ etag: `W/${TAG}` }, undefined],
    [{ etag: 'film-1' }, undefined],
    [{ etag: `"${'x'.repeat(300)}"` }, undefined],
    [{ etag: TAG, 'accept-ranges': 'none' }, undefined],
    [{}, undefined],
  ])('is told by a strong tag: %j', async (headers, entityTag) => {
    server.tell(answer(200, { 'content-length': WHOLE.length, ...headers }, WHOLE));

    await fetchMedia();

    expect(starts).toEqual([{ ...whole, origin: server.baseUrl, entityTag }]);
  });
});
