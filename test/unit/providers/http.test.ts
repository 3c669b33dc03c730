import { Secret } from '../../../src/core/secret.ts';
import { createHttpClient } from '../../../src/providers/http.ts';
import type { HttpSubmit } from '../../../src/providers/http.ts';
import type { Answer, ScriptedServer } from '../../contract/suites/scripted-server.ts';
import { jsonReply, startScriptedServer } from '../../contract/suites/scripted-server.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer(jsonReply(200, { id: 'task_1' }));
});

afterEach(() => server.close());

function submitTo(baseUrl: string, more: Partial<HttpSubmit> = {}): HttpSubmit {
  return {
    url: new URL('/v1/tasks', baseUrl),
    apiKey: new Secret(() => 'key-1'),
    timeoutMs: 2_000,
    signal: new AbortController().signal,
    body: { prompt: 'a lighthouse' },
    lastCheck: async () => true,
    ...more,
  };
}

const http = createHttpClient({ allowPrivateHosts: true });

describe('a POST', () => {
  it('arrives whole, with the key, asking for plain bytes, on a connection of its own', async () => {
    const result = await http.post(submitTo(server.baseUrl));

    expect(result).toMatchObject({ kind: 'response', status: 200, body: '{"id":"task_1"}' });
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/tasks',
      body: '{"prompt":"a lighthouse"}',
      headers: {
        authorization: 'Bearer key-1',
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        connection: 'close',
      },
    });
  });

  it.each<[string, Answer, string]>([
    ['cut before the request', { kind: 'close-before-request' }, 'not_sent'],
    ['cut after the request', { kind: 'close-after-request' }, 'lost'],
  ])('%s fails by a reset both times; the channel tells them apart', async (_, answer, kind) => {
    server.answer(answer);

    expect((await http.post(submitTo(server.baseUrl))).kind).toBe(kind);
  });

  it('to a server that speaks no TLS is proved not sent', async () => {
    const result = await http.post(submitTo(server.baseUrl.replace('http:', 'https:')));

    expect(result.kind).toBe('not_sent');
    expect(server.requests).toHaveLength(0);
  });

  it('keeps status and bytes of an answer that broke off', async () => {
    server.answer({ kind: 'cut', status: 202, body: '{"id":"task_9"' });

    const result = await http.post(submitTo(server.baseUrl));

    expect(result).toMatchObject({
      kind: 'lost',
      partial: { status: 202, body: '{"id":"task_9"' },
    });
  });

  it('ends by its own deadline, body included', async () => {
    server.answer({ kind: 'silence' });

    const result = await http.post(submitTo(server.baseUrl, { timeoutMs: 60 }));

    expect(result).toEqual({ kind: 'lost', reason: 'no complete answer within 60 ms' });
  });

  it('that spends its time on the last check is not sent', async () => {
    const lastCheck = (): Promise<boolean> =>
      new Promise((resolve) => setTimeout(() => resolve(true), 40));

    const result = await http.post(submitTo(server.baseUrl, { timeoutMs: 10, lastCheck }));

    expect(result).toEqual({ kind: 'not_sent', reason: 'no complete answer within 10 ms' });
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    ['cannot be read', (): string => JSON.parse('{') as string],
    ['holds a line break', (): string => 'key\r\nx-evil: 1'],
    ['is empty', (): string => ''],
  ])('with a key that %s is not sent', async (_, read) => {
    const result = await http.post(submitTo(server.baseUrl, { apiKey: new Secret(read) }));

    expect(result).toMatchObject({ kind: 'not_sent' });
    expect(server.requests).toHaveLength(0);
  });

  it('to a private host is not sent unless that is allowed', async () => {
    const strict = createHttpClient({ allowPrivateHosts: false });

    const literal = await strict.post(submitTo(server.baseUrl));
    const named = await strict.post(submitTo(server.baseUrl.replace('127.0.0.1', 'localhost')));

    expect(literal).toEqual({ kind: 'not_sent', reason: 'POLLUX_PRIVATE_ADDRESS' });
    expect(named.kind).toBe('not_sent');
    expect(server.requests).toHaveLength(0);
  });

  it('is judged by its own sending, while others are under way', async () => {
    const good = Array.from({ length: 20 }, () => http.post(submitTo(server.baseUrl)));
    const bad = Array.from({ length: 20 }, () => http.post(submitTo('http://127.0.0.1:9')));

    const kinds = async (all: typeof good): Promise<string[]> =>
      (await Promise.all(all)).map((result) => result.kind);

    expect(new Set(await kinds(good))).toEqual(new Set(['response']));
    expect(new Set(await kinds(bad))).toEqual(new Set(['not_sent']));
  });
});

describe('a repeatable call', () => {
  it('rethrows the reason of its caller, who aborted it', async () => {
    const reason = new Error('cancelled');
    const controller = new AbortController();
    controller.abort(reason);
    const call = submitTo(server.baseUrl, { signal: controller.signal });

    await expect(http.call('GET', call)).rejects.toBe(reason);
  });

  it('cuts an answer that is longer than allowed', async () => {
    server.answer({ kind: 'reply', status: 200, body: 'x'.repeat(1000) });
    const small = createHttpClient({ allowPrivateHosts: true, maxResponseBytes: 100 });

    expect(await small.call('GET', submitTo(server.baseUrl))).toMatchObject({
      kind: 'lost',
      isTooLong: true,
    });
  });
});
