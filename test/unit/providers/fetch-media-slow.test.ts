import type { FetchedMedia } from '../../../src/core/media.ts';
import { createMediaFetcher } from '../../../src/providers/fetch-media.ts';
import type { FetchPatience } from '../../../src/providers/fetch-pace.ts';
import { USUAL_PATIENCE } from '../../../src/providers/fetch-pace.ts';
import type { HostileServer } from '../../installation/hostile-files.ts';
import { answer, drip, startHostileServer } from '../../installation/hostile-files.ts';

let server: HostileServer;
let begun: number;

beforeEach(async () => {
  server = await startHostileServer(answer(200));
  begun = 0;
});

afterEach(() => server.close());

interface Receiving {
  readonly patience?: Partial<FetchPatience>;
  readonly write?: () => Promise<void>;
  readonly begin?: () => Promise<void>;
}

function fetchMedia({ patience, write, begin }: Receiving = {}): Promise<FetchedMedia> {
  const fetcher = createMediaFetcher({ patience: { ...USUAL_PATIENCE, ...patience } });
  const options = {
    signal: new AbortController().signal,
    maxBytes: 10 * 1024 ** 2,
    timeoutMs: 20_000,
    allowPrivateHosts: true,
  };
  return fetcher.fetch(`${server.baseUrl}/a.mp4`, options, {
    begin: async () => {
      begun += 1;
      await begin?.();
    },
    write: async () => await write?.(),
  });
}

const pause = (ms: number) => (): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('[F14] a connection that ends while the receiver is still at work', () => {
  const BLOCK = Buffer.alloc(900_000, 7);
  const hex = BLOCK.length.toString(16);

  it.each([
    ['a length', { 'content-length': BLOCK.length }, BLOCK, BLOCK.length],
    ['no length', {}, BLOCK, BLOCK.length],
    [
      'chunks, cut short',
      { 'transfer-encoding': 'chunked' },
      Buffer.concat([Buffer.from(`${hex}\r\n`), BLOCK]),
      'provider.unavailable',
    ],
  ])('after %s ends its own fetch, not the process', async (_, headers, body, expected) => {
    server.tell(answer(200, headers, body));
    const fetchSlowly = (): Promise<number | string> =>
      fetchMedia({ write: pause(2) }).then(
        ({ sizeBytes }) => sizeBytes,
        (error: unknown) => (error as { code: string }).code,
      );

    const outcomes = await Promise.all(Array.from({ length: 40 }, fetchSlowly));

    expect(new Set(outcomes)).toEqual(new Set([expected]));
  });

  it('while the receiver prepares is an error of its fetch only', async () => {
    server.tell((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc', () => {
        setTimeout(() => socket.resetAndDestroy(), 20);
      });
    });

    await expect(fetchMedia({ begin: pause(100) })).rejects.toMatchObject({
      code: 'provider.unavailable',
    });
  });
});

describe('[F7] a server', () => {
  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['another protocol', 'HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['a head of 100 kB', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
  ])('that answers %s and ends the connection may be asked again', async (_, sent) => {
    server.tell((socket) => socket.end(sent));

    await expect(fetchMedia()).rejects.toMatchObject({ code: 'provider.unavailable' });
    expect(begun).toBe(0);
  });

  it('that drips is given up for what it is', async () => {
    server.tell(drip(100_000, 10, 20));

    await expect(fetchMedia({ patience: { windowMs: 300 } })).rejects.toMatchObject({
      code: 'provider.unavailable',
      details: { cause: 'slower than 65536 bytes in 300 ms' },
    });
  });

  it.each([
    ['a head', '', 'no head within 200 ms'],
    ['a body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', 'no byte within 200 ms'],
  ])('that falls silent before the end of %s is not waited for', async (_, sent, cause) => {
    server.tell((socket) => socket.write(sent));

    await expect(fetchMedia({ patience: { headMs: 200, idleMs: 200 } })).rejects.toMatchObject({
      code: 'provider.unavailable',
      details: { cause },
    });
  });

  it('is not blamed for a receiver that is slow', async () => {
    const whole = Buffer.alloc(4 * 1024 ** 2, 7);
    server.tell(answer(200, { 'content-length': whole.length }, whole));

    const media = await fetchMedia({
      write: pause(20),
      patience: { windowMs: 100, windowBytes: 1024 ** 2 },
    });

    expect(media.sizeBytes).toBe(whole.length);
  });

  it('is not silent while the receiver does not ask', async () => {
    const whole = Buffer.alloc(4 * 1024 ** 2, 7);
    server.tell(answer(200, { 'content-length': whole.length }, whole));
    const pauses = [pause(1_000)];

    const media = await fetchMedia({
      write: async () => await pauses.pop()?.(),
      patience: { idleMs: 500 },
    });

    expect(media.sizeBytes).toBe(whole.length);
  });
});
