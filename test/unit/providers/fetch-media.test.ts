import type { BodyStart, FetchedMedia, FetchMediaOptions } from '../../../src/core/media.ts';
import { createMediaFetcher } from '../../../src/providers/fetch-media.ts';
import type { Answer, ScriptedServer } from '../../contract/suites/scripted-server.ts';
import { startScriptedServer } from '../../contract/suites/scripted-server.ts';

const BYTES = 'these are the bytes of a film';
let server: ScriptedServer;
let received: Buffer[];
let starts: BodyStart[];

const plain = (status: number, headers: Record<string, string> = {}, body = BYTES): Answer => ({
  kind: 'reply',
  status,
  body,
  headers,
});

beforeEach(async () => {
  received = [];
  starts = [];
  server = await startScriptedServer(plain(200, { 'content-type': 'video/mp4' }));
});

afterEach(() => server.close());

function fetchMedia(path: string, more: Partial<FetchMediaOptions> = {}): Promise<FetchedMedia> {
  const options = {
    signal: new AbortController().signal,
    maxBytes: 1_000,
    timeoutMs: 2_000,
    allowPrivateHosts: true,
    ...more,
  };
  const url = path.startsWith('/') ? server.baseUrl + path : path;
  return createMediaFetcher().fetch(url, options, {
    begin: async (start) => {
      starts.push(start);
    },
    write: async (bytes) => {
      received.push(Buffer.from(bytes));
    },
  });
}

describe('a result URL', () => {
  it('is fetched raw and without credentials', async () => {
    const fetched = await fetchMedia('/a.mp4?sign=1');

    expect(fetched).toEqual({ sizeBytes: BYTES.length, contentType: 'video/mp4' });
    expect(Buffer.concat(received).toString()).toBe(BYTES);
    expect(server.requests[0]?.path).toBe('/a.mp4?sign=1');
    expect(server.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    [403, 'provider.output_expired'],
    [404, 'provider.output_expired'],
    [410, 'provider.output_expired'],
    [408, 'provider.unavailable'],
    [429, 'provider.unavailable'],
    [500, 'provider.unavailable'],
    [503, 'provider.unavailable'],
    [204, 'provider.output_invalid'],
    [206, 'provider.output_invalid'],
    [400, 'provider.output_invalid'],
  ])('that answers %d is %s, and delivers nothing', async (status, code) => {
    server.answer(plain(status, {}, ''));

    await expect(fetchMedia('/a.mp4')).rejects.toMatchObject({ code });
    expect(received).toHaveLength(0);
  });

  it('passes on what Retry-After asks for', async () => {
    server.answer(plain(503, { 'retry-after': '3' }));

    await expect(fetchMedia('/a.mp4')).rejects.toMatchObject({ retryAfterMs: 3_000 });
  });

  it('that redirects for ever is refused after three hops', async () => {
    server.answer(plain(302, { location: '/again' }));

    await expect(fetchMedia('/a.mp4')).rejects.toMatchObject({ code: 'provider.output_forbidden' });
    expect(server.requests).toHaveLength(4);
  });

  it.each(['file:///etc/passwd', 'ftp://example.com/a', 'http://user:pw@127.0.0.1/', ''])(
    'that redirects to "%s" is refused',
    async (location) => {
      server.answer(plain(302, location === '' ? {} : { location }));
      const outcome = await fetchMedia('/a.mp4', { timeoutMs: 500 }).catch(
        (error: unknown) => error,
      );

      expect(outcome).toMatchObject({ code: 'provider.output_forbidden' });
    },
  );

  it.each([
    'http://127.0.0.1:PORT/a.mp4',
    'https://127.0.0.1/a.mp4',
    'https://127.0.0.1:PORT/a.mp4',
    'https://[::ffff:7f00:1]/a.mp4',
    'https://localhost/a.mp4',
    'no url',
    'data:video/mp4;base64,AAAA',
  ])('like %s is refused where private hosts are not allowed', async (url) => {
    const target = url.replace('PORT', new URL(server.baseUrl).port);

    await expect(fetchMedia(target, { allowPrivateHosts: false })).rejects.toMatchObject({
      code: 'provider.output_forbidden',
    });
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    ['announces', plain(200, { 'content-length': '5000' }, 'x'.repeat(5_000))],
    ['streams', plain(200, { 'transfer-encoding': 'chunked' }, 'x'.repeat(5_000))],
  ])('that %s more than the limit is refused', async (_, answer) => {
    server.answer(answer);

    await expect(fetchMedia('/a.mp4')).rejects.toMatchObject({
      code: 'provider.output_invalid',
      details: { found: 'too_large' },
    });
  });

  it('that packs its body is refused before a byte is unpacked', async () => {
    server.answer(plain(200, { 'content-encoding': 'gzip' }));

    await expect(fetchMedia('/a.mp4')).rejects.toMatchObject({
      code: 'provider.output_invalid',
      details: { found: 'content_encoding' },
    });
    expect(received).toHaveLength(0);
  });

  it('whose body is cut is tried again, never taken for whole', async () => {
    server.answer({ kind: 'cut', status: 200, body: BYTES });

    await expect(fetchMedia('/a.mp4', { maxBytes: 10_000 })).rejects.toMatchObject({
      code: 'provider.unavailable',
    });
    expect(Buffer.concat(received).toString()).toBe(BYTES);
  });

  it('that stays silent ends at the time limit', async () => {
    server.answer({ kind: 'silence' });

    await expect(fetchMedia('/a.mp4', { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'provider.unavailable',
      details: { cause: 'no complete answer within 50 ms' },
    });
  });

  it('keeps its signature out of every error', async () => {
    server.answer(plain(404));
    const error: unknown = await fetchMedia('/a.mp4?Signature=hush').catch(
      (reason: unknown) => reason,
    );

    expect(JSON.stringify([error, String(error)])).not.toContain('hush');
  });

  it('hands on what the receiver throws, as it is', async () => {
    const full = new Error('disk full');
    const options = {
      signal: new AbortController().signal,
      maxBytes: 1_000,
      timeoutMs: 2_000,
      allowPrivateHosts: true,
    };

    const receiver = { begin: async () => undefined, write: () => Promise.reject(full) };

    await expect(createMediaFetcher().fetch(`${server.baseUrl}/a`, options, receiver)).rejects.toBe(
      full,
    );
  });

  it('stops with the reason of its caller, who aborted it', async () => {
    server.answer({ kind: 'silence' });
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const pending = fetchMedia('/a.mp4', { signal: controller.signal });
    controller.abort(reason);

    await expect(pending).rejects.toBe(reason);
  });
});
