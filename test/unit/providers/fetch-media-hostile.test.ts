import type { lookup, LookupAddress } from 'node:dns';
import { connect } from 'node:net';
import type { BodyStart, FetchedMedia } from '../../../src/core/media.ts';
import { createMediaFetcher } from '../../../src/providers/fetch-media.ts';
import { createGuardedConnector } from '../../../src/providers/guarded-connector.ts';
import type { HostileServer } from '../../installation/hostile-files.ts';
import {
  answer,
  redirect,
  sendForEver,
  startHostileServer,
} from '../../installation/hostile-files.ts';

const MAX_BYTES = 1024 ** 2;
const PUBLIC_URL = 'https://cdn.example.com/a.mp4';

let server: HostileServer;
let starts: BodyStart[];
let receivedBytes: number;
let resolved: string[];

beforeEach(async () => {
  server = await startHostileServer(answer(200));
  starts = [];
  receivedBytes = 0;
  resolved = ['8.8.8.8'];
});

afterEach(() => server.close());

const resolve = ((_: string, __: unknown, callback: (error: null, all: LookupAddress[]) => void) =>
  callback(
    null,
    resolved.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )) as unknown as typeof lookup;

/** Every host is judged by the guarded connector, but for the one that stands for the public internet. */
const createConnector: typeof createGuardedConnector = (rules, timeoutMs, options) => {
  const guarded = createGuardedConnector(rules, timeoutMs, { ...options, resolve });
  return (target, callback) => {
    if (target.hostname !== 'cdn.example.com') {
      guarded(target, callback);
      return;
    }
    const socket = connect(server.port, '127.0.0.1', () => callback(null, socket));
  };
};

function fetchMedia(url: string, allowPrivateHosts = false): Promise<FetchedMedia> {
  const options = {
    signal: new AbortController().signal,
    maxBytes: MAX_BYTES,
    timeoutMs: 20_000,
    allowPrivateHosts,
  };
  return createMediaFetcher({ createConnector }).fetch(url, options, {
    begin: async (start) => {
      starts.push(start);
    },
    write: async (bytes) => {
      receivedBytes += bytes.length;
    },
  });
}

describe('[F14] where only public hosts are allowed, a redirect', () => {
  it.each([
    ['https://127.0.0.1/', 'its host is private'],
    ['https://0x7f000001/', 'its host is private'],
    ['https://2130706433/', 'its host is private'],
    ['https://127.1/', 'its host is private'],
    ['https://[::ffff:127.0.0.1]/', 'its host is private'],
    ['https://localhost./', 'its host is private'],
    ['https://vault.internal/', 'its host is private'],
    ['https://[fc00::1]/', 'its host is private'],
    ['https://169.254.169.254/latest', 'its host is a link-local or cloud metadata address'],
    ['https://u:p@cdn.example.com/', 'it carries a user name or password'],
    ['https://cdn.example.com:8443/', 'its port is 8443, not 443'],
    ['http://cdn.example.com/', 'it redirects from https to http'],
    ['file:///etc/passwd', 'its scheme is file:'],
  ])('to %s is refused before anything is connected', async (location, rule) => {
    server.tell(redirect(location));

    await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject({
      code: 'provider.output_forbidden',
      details: { rule },
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [['127.0.0.1'], 'its host is or resolves to a private address'],
    [['8.8.8.8', '::ffff:10.0.0.1'], 'its host is or resolves to a private address'],
    [['169.254.169.254'], 'its host is or resolves to a link-local or cloud metadata address'],
  ])('to a name that resolves to %j is refused', async (addresses, rule) => {
    resolved = addresses;
    server.tell(redirect('https://rebound.example.net/'));

    await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject({
      code: 'provider.output_forbidden',
      details: { rule },
    });
  });

  it('to itself ends after three hops', async () => {
    server.tell(redirect('/again'));

    await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject({
      code: 'provider.output_forbidden',
      details: { rule: 'it redirects more than 3 times' },
    });
    expect(server.requests).toHaveLength(4);
  });
});

describe('[F14] where private hosts are allowed, a result', () => {
  it.each([['169.254.169.254'], ['fe80::1'], ['fd00:ec2::254'], ['64:ff9b::a9fe:a9fe']])(
    'at a name that resolves to %s is refused all the same',
    async (address) => {
      resolved = [address];

      await expect(fetchMedia('http://rebound.example.net/', true)).rejects.toMatchObject({
        code: 'provider.output_forbidden',
        details: { rule: 'its host is or resolves to a link-local or cloud metadata address' },
      });
    },
  );

  it('at a name that resolves to the loopback is fetched', async () => {
    resolved = ['127.0.0.1'];
    server.tell(answer(200, { 'content-length': 3 }, 'abc'));
    const url = `http://files.example.net:${server.port}/a`;

    const media = await fetchMedia(url, true);

    expect(media.sizeBytes).toBe(3);
    expect(starts[0]?.origin).toBe(new URL(url).origin);
  });
});

describe('[F14] a body', () => {
  const tooLarge = { code: 'provider.output_invalid', details: { found: 'too_large' } };

  it('without end is read up to the cap and not beyond', async () => {
    server.tell(sendForEver);

    await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject(tooLarge);
    expect(receivedBytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  it.each([5_000_000_000, '99999999999999999'])(
    'of %p declared bytes is refused before its first one',
    async (length) => {
      server.tell(answer(200, { 'content-length': length }, 'x'));

      await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject(tooLarge);
      expect(starts).toEqual([]);
    },
  );

  it('that is packed is refused, not unpacked', async () => {
    server.tell(answer(200, { 'content-encoding': 'gzip' }, 'x'));

    await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject({
      code: 'provider.output_invalid',
      details: { found: 'content_encoding' },
    });
    expect(starts).toEqual([]);
  });

  it.each([
    ['shorter than its length', answer(200, { 'content-length': 10 }, 'abc')],
    [
      'in chunks without the last one',
      answer(200, { 'transfer-encoding': 'chunked' }, '3\r\nabc\r\n'),
    ],
    [
      'with two lengths',
      answer(200, { 'content-length': 10, 'transfer-encoding': 'chunked' }, 'a'),
    ],
  ])('%s is not taken for whole', async (_, story) => {
    server.tell(story);

    await expect(fetchMedia(PUBLIC_URL)).rejects.toMatchObject({ code: 'provider.unavailable' });
  });

  it('is read up to its length; what follows is not part of it', async () => {
    server.tell(answer(200, { 'content-length': 3 }, 'abcdefgh'));

    await expect(fetchMedia(PUBLIC_URL)).resolves.toMatchObject({ sizeBytes: 3 });
    expect(receivedBytes).toBe(3);
  });

  it('that only the end of the connection ends is delivered without a promised length', async () => {
    server.tell(answer(200, {}, 'abc'));

    await expect(fetchMedia(PUBLIC_URL)).resolves.toMatchObject({ sizeBytes: 3 });
    expect(starts).toMatchObject([{ sizeBytes: undefined }]);
  });
});
