import { connect } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { JsonObject } from '../../../src/core/json.ts';
import { Secret } from '../../../src/core/secret.ts';
import { RIXAPI_CALLBACK } from '../../../src/providers/rixapi/callback.ts';
import { until } from '../../installation/until.ts';
import type { StandingReceiver } from './standing-receiver.ts';
import { bodyOf, CALLBACK_SECRET, SIGNING_SECRET, standUp } from './standing-receiver.ts';

let standing: StandingReceiver;

beforeEach(async () => {
  standing = await standUp();
});

afterEach(() => standing.receiver.close());

/** Bytes on a connection, and all that came back until it was closed. */
async function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('utf8').on('data', (more: string) => (received += more));
  socket.on('error', () => undefined);
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

describe('a callback with a token', () => {
  it('wakes its job with the number, the task id, and whether the task goes on', async () => {
    const statuses = [
      await standing.send(bodyOf('in_progress'), { jobId: 'night/shot-1', number: 2 }),
      await standing.send(bodyOf('completed'), { jobId: 'night/shot-1', number: 2 }),
      await standing.send(bodyOf('a_new_word', 'task_2')),
    ];

    expect(statuses).toEqual([202, 202, 202]);
    expect(standing.signals).toEqual([
      { jobId: 'night/shot-1', number: 2, taskId: 'task_1', isUnfinished: true },
      { jobId: 'night/shot-1', number: 2, taskId: 'task_1' },
      { jobId: 'job-1', number: 1, taskId: 'task_2' },
    ]);
  });

  it.each(['', 'no JSON', '[]', '{"id":7}', '{"id":"'])(
    'wakes its job without a task id where its body is %j',
    async (body) => {
      expect(await standing.send(body)).toBe(202);
      expect(standing.signals).toEqual([{ jobId: 'job-1', number: 1 }]);
      expect(standing.receiver.counts()).toMatchObject({ accepted: 1, unreadable: 1 });
    },
  );

  it('is found behind a proxy that takes the path of the public URL away or leaves it', async () => {
    const path = standing.pathOf({ jobId: `${'b'.repeat(100)}/${'i'.repeat(100)}` });

    const statuses = [
      (await standing.post(path)).status,
      (await standing.post(`/pollux${path}?from=gateway`)).status,
      (await standing.post(`/other${path}`)).status,
    ];

    expect(statuses).toEqual([202, 202, 404]);
  });

  it.each([
    ['application/json; charset=utf-8', 202],
    ['application/vnd.gateway+json', 202],
    ['APPLICATION/JSON', 202],
    ['text/plain', 415],
    ['application/jsonp', 415],
    ['application/x-www-form-urlencoded', 415],
    ['', 415],
  ])('of type %j is answered %i', async (type, status) => {
    const body = new TextEncoder().encode(bodyOf('completed'));
    const headers = type === '' ? {} : { 'content-type': type };

    const response = await standing.post(standing.pathOf({}), body, headers);

    expect(response.status).toBe(status);
    expect(standing.signals).toHaveLength(status === 202 ? 1 : 0);
  });

  it('may have 64 KiB, announced or not, and no more', async () => {
    const body = bodyOf('completed').padEnd(64 * 1024);
    const chunked = (text: string): Promise<string> =>
      exchange(
        standing.receiver.url,
        `POST ${standing.pathOf({})} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n` +
          `transfer-encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
      );

    expect(await standing.send(body)).toBe(202);
    expect(await standing.send(`${body} `)).toBe(413);
    expect(await chunked(`${body} `)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await chunked(body)).toMatch(/^HTTP\/1\.1 202 /);
    expect(standing.signals).toHaveLength(1);
  });

  it('that never ends to arrive ends with its connection', async () => {
    await standing.receiver.close();
    standing = await standUp({ limits: { requestTimeoutMs: 300 } });
    const head = `POST ${standing.pathOf({})} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n`;

    const ends = await Promise.all([
      exchange(standing.receiver.url, `${head}{"id":`),
      exchange(standing.receiver.url, 'POST /hooks HTTP/1.1\r\nhost:'),
    ]);

    expect(ends).toEqual([
      expect.stringMatching(/^(HTTP\/1\.1 408 |$)/),
      expect.stringMatching(/^(HTTP\/1\.1 408 |$)/),
    ]);
    expect(standing.signals).toEqual([]);
  });
});

describe('a request without a token', () => {
  it('is answered alike whatever it asks for', async () => {
    const good = standing.pathOf({});
    const forged = `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`;
    const post = (path: string): Promise<Response> => standing.post(path);
    const get = (path: string, method = 'GET'): Promise<Response> =>
      fetch(standing.receiver.url + path, { method });
    const responses = await Promise.all([
      post(forged),
      post(standing.pathOf({ jobId: 'job-2' }).replace(/[^/]+$/, good.split('/').at(-1) ?? '')),
      post(standing.pathOf({ account: 'unknown' })),
      post(`${good}/`),
      post('/'),
      post('/hooks'),
      post('/health'),
      post('/%zz'),
      get(good),
      get('/'),
      get(good, 'PUT'),
      get('/metrics'),
    ]);

    const answers = await Promise.all(
      responses.map(async (response) => {
        const headers = Object.fromEntries(response.headers);
        return {
          status: response.status,
          body: await response.text(),
          headers: { ...headers, date: '' },
        };
      }),
    );

    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveProperty('size', 1);
    expect(answers[0]).toMatchObject({ status: 404, body: '{"message":"not found"}' });
    expect(Object.keys(answers[0]?.headers ?? {})).not.toContain('x-powered-by');
    expect(standing.signals).toEqual([]);
  });

  it('is refused before its body is read', async () => {
    const head = `POST /hooks/a/b/1/c HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n`;

    expect(await exchange(standing.receiver.url, head)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each(['/health', '/pollux/health'])('may ask for the health only, at %s', async (path) => {
    const response = await fetch(standing.receiver.url + path);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ healthy: true });
  });
});

describe('an account whose provider signs', () => {
  const body = bodyOf('completed');
  const signature = (text: string, id: string, at = new Date()): Record<string, string> => ({
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SIGNING_SECRET).sign(id, at, text),
  });
  const statusOf = async (headers: Record<string, string>, text = body): Promise<number> =>
    (await standing.post(standing.pathOf({ account: 'signed' }), text, headers)).status;

  it('is woken by what is signed, and by nothing else', async () => {
    const old = new Date(Date.now() - 400_000);

    expect(await statusOf({ 'content-type': 'application/json' })).toBe(401);
    expect(await statusOf(signature('{}', 'm1'))).toBe(401);
    expect(await statusOf(signature(body, 'm1', old))).toBe(401);
    expect(standing.signals).toEqual([]);
    expect(standing.receiver.counts()).toMatchObject({ forged: 3 });
    expect(await statusOf(signature(body, 'm1'))).toBe(202);
    expect(standing.signals).toHaveLength(1);
  });

  it('repeats a message under the same id, whatever the second body is', async () => {
    const other = bodyOf('failed');

    expect(await statusOf(signature(body, 'm1'))).toBe(202);
    expect(await statusOf(signature(other, 'm1'), other)).toBe(202);
    expect(await statusOf(signature(body, 'm2'))).toBe(202);
    expect(standing.signals).toHaveLength(2);
  });

  it('needs a secret', async () => {
    const support = { ...RIXAPI_CALLBACK, signature: 'standard-webhooks' as const };

    const start = standUp({ accounts: new Map([['a', { support }]]) });

    await expect(start).rejects.toThrow('accounts.a.callbackSecret: is missing');
  });
});

describe('what is logged', () => {
  it('names the submission and never the token', async () => {
    const lines: string[] = [];
    const log = (message: string, fields?: JsonObject): void => {
      lines.push(`${message} ${JSON.stringify(fields)}`);
    };
    await standing.receiver.close();
    standing = await standUp({ logger: { debug: log, info: log, warn: log, error: log } });
    const path = standing.pathOf({});

    await standing.send(bodyOf('completed'));
    await standing.send('no JSON');
    await standing.post(`${path.slice(0, -1)}!`);
    await standing.post(`/x${path}`);
    await standing.receiver.close();

    const text = lines.join('\n');
    expect(text).toContain('{"account":"gateway","jobId":"job-1","number":1}');
    expect(text).toContain('"accepted":2,"forged":2,"unreadable":1');
    expect(text).not.toContain(path.split('/').at(-1)?.slice(0, 12));
    expect(text).not.toContain(CALLBACK_SECRET);
  });
});

describe('a receiver that stops', () => {
  it('answers what it has begun, and takes nothing more', async () => {
    let accept = (): void => undefined;
    standing.notify = () =>
      new Promise((resolve) => {
        accept = () => resolve('accepted');
      });
    const answer = standing.send(bodyOf('completed'));
    await until('the signal', () => standing.signals.length === 1);

    const closed = standing.receiver.close();
    const refused = await standing.send(bodyOf('failed')).catch(() => 'refused');
    accept();

    expect(await answer).toBe(202);
    await closed;
    expect([503, 'refused']).toContain(refused);
    expect(standing.signals).toHaveLength(1);
  });

  it('needs secrets that can be used before it begins', async () => {
    await expect(standUp({ secret: new Secret(() => 'short') })).rejects.toMatchObject({
      code: 'config.invalid',
    });
  });
});
