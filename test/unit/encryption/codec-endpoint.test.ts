import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { createPayloadCodec } from '../../../src/encryption/codec.ts';
import type { KeyRing } from '../../../src/encryption/key-ring.ts';
import type { CodecEndpoint } from '../../../src/runtime/codec-endpoint.ts';
import { isLoopback, startCodecEndpoint } from '../../../src/runtime/codec-endpoint.ts';
import { ringOf, writeKey } from './keys.ts';

const UI = 'http://127.0.0.1:8233';
const PROMPT = 'a harbour at dawn';
const PLAIN = {
  metadata: { encoding: toBase64('json/plain') },
  data: toBase64(JSON.stringify({ prompt: PROMPT })),
};

let folder = '';
let ring: KeyRing;
let endpoint: CodecEndpoint;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-codec-endpoint-'));
  ring = ringOf(writeKey(folder, 'k1'));
  endpoint = await startCodecEndpoint({
    codec: createPayloadCodec(() => ring),
    host: '127.0.0.1',
    port: 0,
    origins: [UI],
  });
});

afterAll(async () => {
  await endpoint.close();
  rmSync(folder, { recursive: true });
});

interface PayloadJson {
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: string;
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await fetch(endpoint.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function convert(path: string, payloads: readonly unknown[]): Promise<PayloadJson[]> {
  const response = await post(path, { payloads });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as { readonly payloads: PayloadJson[] };
  return answer.payloads;
}

/** As a page of another name would ask; `fetch` does not let its host be chosen. */
async function statusUnderName(host: string): Promise<number | undefined> {
  const { port } = new URL(endpoint.url);
  return await new Promise((resolve, reject) => {
    const options = { port, path: '/decode', method: 'POST', headers: { host } };
    const call = httpRequest({ host: '127.0.0.1', ...options }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.once('error', reject);
    call.end();
  });
}

describe('the codec endpoint', () => {
  it('encrypts what a UI writes and decrypts what it shows, in the order given', async () => {
    const empty = { metadata: { encoding: toBase64('binary/null') }, data: '' };

    const encoded = await convert('/encode', [PLAIN, empty]);
    const decoded = await convert('/decode', encoded);

    expect(encoded.map(({ metadata }) => metadata)).toEqual([
      { encoding: toBase64('binary/encrypted'), 'encryption-key-id': toBase64('k1') },
      { encoding: toBase64('binary/encrypted'), 'encryption-key-id': toBase64('k1') },
    ]);
    expect(JSON.stringify(encoded)).not.toContain(PLAIN.data);
    expect(decoded).toEqual([PLAIN, empty]);
  });

  it('decrypts what a worker encrypted', async () => {
    const codec = createPayloadCodec(() => ring);
    const [payload] = await codec.encode([defaultPayloadConverter.toPayload({ prompt: PROMPT })]);
    const metadata: Record<string, string> = {};
    for (const [name, value] of Object.entries(payload!.metadata!)) {
      metadata[name] = Buffer.from(value).toString('base64');
    }
    const data = Buffer.from(payload!.data!).toString('base64');

    const decoded = await convert('/decode', [{ metadata, data }]);

    expect(decoded).toEqual([PLAIN]);
  });

  it('takes members that are missing or null, and passes plain payloads through', async () => {
    const decoded = await convert('/decode', [
      PLAIN,
      { metadata: null, data: null },
      { metadata: { encoding: toBase64('binary/null') } },
    ]);

    expect(decoded).toEqual([
      PLAIN,
      { metadata: {}, data: '' },
      { metadata: { encoding: toBase64('binary/null') }, data: '' },
    ]);
  });

  it('accepts the namespace and the authorization that the UI sends', async () => {
    const headers = { origin: UI, 'x-namespace': 'default', authorization: 'Bearer x' };

    const response = await post('/decode', { payloads: [] }, headers);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ payloads: [] });
  });

  it('lets pages of the UI ask, and no others', async () => {
    const ask = (origin: string): Promise<Response> =>
      fetch(`${endpoint.url}/decode`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-namespace,authorization',
        },
      });

    const allowed = await ask(UI);
    const refused = await ask('https://evil.example');
    const posted = await post('/decode', { payloads: [] }, { origin: 'https://evil.example' });

    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'content-type, x-namespace, authorization',
    });
    for (const { status, headers } of [refused, posted]) {
      expect(status).toBe(403);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('does not answer a page that gives this machine a name of its own', async () => {
    expect(await statusUnderName('evil.example')).toBe(403);
    expect(await statusUnderName('127.0.0.1.evil.example')).toBe(403);
    expect(await statusUnderName('localhost:8089')).not.toBe(403);
    expect(await statusUnderName('[::1]:8089')).not.toBe(403);
  });

  it('tells which key is missing, and shows nothing else', async () => {
    const other = ringOf(writeKey(folder, 'k2'));
    const codec = createPayloadCodec(() => other);
    const [payload] = await codec.encode([defaultPayloadConverter.toPayload(PROMPT)]);
    const metadata = {
      encoding: toBase64('binary/encrypted'),
      'encryption-key-id': toBase64('k2'),
    };
    const data = Buffer.from(payload!.data!).toString('base64');

    const response = await post('/decode', { payloads: [{ metadata, data }] }, { origin: UI });

    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBe(UI);
    expect(await response.json()).toEqual({
      message: expect.stringContaining('a payload is encrypted with key k2') as unknown,
    });
  });

  it.each([
    ['no JSON', 'payloads', 400],
    ['no payloads', {}, 400],
    ['payloads that are no list', { payloads: {} }, 400],
    ['a payload that is no object', { payloads: ['x'] }, 400],
    ['data that is no base64', { payloads: [{ data: 'ä' }] }, 400],
    ['metadata that is no base64', { payloads: [{ metadata: { encoding: '"' } }] }, 400],
    ['a prototype', '{"payloads":[{"__proto__":{"data":"AA=="}}]}', 400],
    ['more than 16 MiB', JSON.stringify({ payloads: [{ data: 'A'.repeat(16_777_300) }] }), 413],
  ])('refuses %s', async (_what, body, status) => {
    expect((await post('/decode', body)).status).toBe(status);
  });

  it.each(['/', '/health', '/decode/x'])('knows no %s', async (path) => {
    expect((await post(path, { payloads: [] })).status).toBe(404);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['localhost', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.1.2.3', false],
    ['localhost.example', false],
  ])('knows whether other machines can reach it on %s', (host, isPrivate) => {
    expect(isLoopback(host)).toBe(isPrivate);
  });
});
