import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Secret } from '../../../src/core/secret.ts';
import { createHttpClient } from '../../../src/providers/http.ts';
import type { HttpSubmit } from '../../../src/providers/http.ts';
import type { Answer, ScriptedServer } from '../../contract/suites/scripted-server.ts';
import { jsonReply, startScriptedServer } from '../../contract/suites/scripted-server.ts';
import { until } from '../../installation/until.ts';

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

    const result = await http.post(submitTo(server.baseUrl, { timeoutMs: 400 }));

    expect(result).toEqual({ kind: 'lost', reason: 'no complete answer within 400 ms' });
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

describe('the last check of a POST', () => {
  const connected = (): Promise<boolean> =>
    until('a connection', () => server.connections.length > 0);
  const untilClosed = (): Promise<boolean> =>
    until('the end of the connection', () =>
      server.connections.every((socket) => socket.destroyed),
    );
  const bytesReceived = (): number =>
    server.connections.reduce((sum, socket) => sum + socket.bytesRead, 0);

  it('runs on a connection that stands, and no byte is on it before the check has passed', async () => {
    const order: string[] = [];
    const lastCheck = async (): Promise<boolean> => {
      await connected();
      server.connections[0]?.once('data', () => order.push('first byte'));
      await turns(20);
      order.push(`checked after ${bytesReceived()} bytes`);
      return true;
    };

    const result = await http.post(submitTo(server.baseUrl, { lastCheck }));

    expect(result.kind).toBe('response');
    expect(order).toEqual(['checked after 0 bytes', 'first byte']);
    expect(server.connections).toHaveLength(1);
    await untilClosed();
  });

  it('is followed by the request before the process turns to anything else', async () => {
    const order: string[] = [];
    const lastCheck = async (): Promise<boolean> => {
      setImmediate(() => order.push('something else'));
      return true;
    };
    const onSending = (): number => order.push('head');
    subscribe('undici:client:sendHeaders', onSending);

    await http.post(submitTo(server.baseUrl, { lastCheck }));
    unsubscribe('undici:client:sendHeaders', onSending);

    expect(order.indexOf('head')).toBeLessThan(order.indexOf('something else'));
  });

  it.each<[string, () => Promise<boolean>, string]>([
    ['says no', async () => false, 'the last check refused'],
    ['fails', () => Promise.reject(new RangeError('away')), 'the last check failed: RangeError'],
  ])('that %s leaves a connection without a byte, closed', async (_, answer, reason) => {
    const lastCheck = async (): Promise<boolean> => {
      await connected();
      return answer();
    };

    const result = await http.post(submitTo(server.baseUrl, { lastCheck }));

    expect(result).toEqual({ kind: 'not_sent', reason });
    await untilClosed();
    expect(bytesReceived()).toBe(0);
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['closes', (socket) => socket.end(), 'the connection broke before the request'],
    ['resets', (socket) => socket.resetAndDestroy(), 'the connection broke before the request'],
    [
      'gives up in words on',
      (socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n'),
      'the server spoke before the request',
    ],
  ])('during which the server %s the connection is proved not sent', async (_, cut, reason) => {
    const lastCheck = async (): Promise<boolean> => {
      await connected();
      server.connections.forEach(cut);
      await turns(20);
      return true;
    };

    const result = await http.post(submitTo(server.baseUrl, { lastCheck }));

    expect(result).toEqual({ kind: 'not_sent', reason });
    expect(bytesReceived()).toBe(0);
    expect(server.connections).toHaveLength(1);
  });

  it.each<[string, () => Promise<boolean>]>([
    [
      'takes longer than the call may',
      () => new Promise((resolve) => setTimeout(resolve, 120, true)),
    ],
    ['never answers', () => new Promise(() => undefined)],
    [
      'stops the whole process for too long',
      async () => {
        const endsAtMs = performance.now() + 120;
        while (performance.now() < endsAtMs);
        return true;
      },
    ],
  ])('that %s lets nothing out', async (_, lastCheck) => {
    const result = await http.post(submitTo(server.baseUrl, { timeoutMs: 100, lastCheck }));

    expect(result).toEqual({ kind: 'not_sent', reason: 'no complete answer within 100 ms' });
    await untilClosed();
    expect(bytesReceived()).toBe(0);
  });

  it('lets nothing out where the caller gives up meanwhile', async () => {
    const controller = new AbortController();
    const lastCheck = async (): Promise<boolean> => {
      controller.abort();
      return true;
    };
    const call = submitTo(server.baseUrl, { signal: controller.signal, lastCheck });

    expect(await http.post(call)).toEqual({ kind: 'not_sent', reason: 'the call was aborted' });
    await untilClosed();
    expect(bytesReceived()).toBe(0);
  });

  it('is not asked where there is no connection to send on', async () => {
    const asked: string[] = [];
    const ask = async (): Promise<boolean> => asked.push('asked') > 0;

    await http.post(submitTo('http://127.0.0.1:9', { lastCheck: ask }));
    await http.post(submitTo(server.baseUrl.replace('http:', 'https:'), { lastCheck: ask }));
    await http.post(submitTo(server.baseUrl, { signal: AbortSignal.abort(), lastCheck: ask }));

    expect(asked).toEqual([]);
  });
});

describe('connecting', () => {
  it('takes no longer than the whole call may, and leaves nothing open', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const open = (): Promise<number> =>
      new Promise((resolve) => silent.getConnections((_, count) => resolve(count)));

    const beginsAtMs = performance.now();
    const result = await http.post(submitTo(`https://127.0.0.1:${port}`, { timeoutMs: 80 }));

    expect(performance.now() - beginsAtMs).toBeLessThan(5_000);
    expect(result).toEqual({ kind: 'not_sent', reason: 'no complete answer within 80 ms' });
    await until('the end of all connections', async () => (await open()) === 0);
    await new Promise((resolve) => silent.close(resolve));
  });
});

/** Lets the process hear what the network has to say. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

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
