import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anyNumber, call, start, START_MS, textLike } from './running-simulator.ts';

const CREATED_AT = START_MS / 1000;
const SUBMIT = {
  model: 'kling-v3/text-to-video',
  input: { prompt: 'a cat', duration: '5', aspect_ratio: '9:16' },
};

async function submit(base: string, changes: Record<string, unknown> = {}): Promise<string> {
  const reply = await call(`${base}/v1/task/submit`, { body: { ...SUBMIT, ...changes } });
  return String(reply.body['id']);
}

test('a task is queued, in progress, then completed, with times in unix seconds', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.rixapi;

  const submitted = await call(`${base}/v1/task/submit`, { body: SUBMIT });
  const id = String(submitted.body['id']);
  const url = `${base}/v1/task/${id}`;
  clock.nowMs += 149_000;
  const inProgress = await call(url);
  clock.nowMs += 1_000;
  const completed = await call(url);

  expect(submitted).toMatchObject({ status: 200 });
  expect(submitted.body).toEqual({ id, status: 'queued', created_at: CREATED_AT });
  expect(inProgress.body).toEqual({ id, status: 'in_progress', created_at: CREATED_AT });
  expect(completed.body).toEqual({
    id,
    status: 'completed',
    created_at: CREATED_AT,
    completed_at: CREATED_AT + 150,
    outputs: [`${simulator.url}/files/${id}-0.mp4`],
  });
});

test('a failed task has error and completed_at, and no outputs', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.rixapi;
  const id = await submit(base, { input: { prompt: '[sim:fail]' } });

  clock.nowMs += 150_000;
  const failed = await call(`${base}/v1/task/${id}`);

  expect(failed.body).toEqual({
    id,
    status: 'failed',
    created_at: CREATED_AT,
    completed_at: CREATED_AT + 150,
    error: 'InvalidParameter: The parameter is invalid.',
  });
});

test('a model that is billed by tokens reports its usage', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.rixapi;
  const id = await submit(base, { model: 'doubao-seedance-1-0-pro' });

  clock.nowMs += 150_000;
  const completed = await call(`${base}/v1/task/${id}`);

  const tokens = anyNumber();
  expect(completed.body['usage']).toEqual({
    type: 'tokens',
    output_tokens: tokens,
    total_tokens: tokens,
  });
});

test.each([
  ['no input', { input: undefined }, 400, 'invalid_request'],
  ['an unknown model', { model: 'nobody-1' }, 404, 'model_not_found'],
  ['a callback_url that is none', { callback_url: 'soon' }, 400, 'invalid_request'],
])('%s is refused in the envelope of the engine', async (_name, changes, status, code) => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.rixapi}/v1/task/submit`, {
    body: { ...SUBMIT, ...changes },
  });

  expect(reply.status).toBe(status);
  expect(reply.body).toEqual({
    error: {
      message: textLike(/\(request id: req_\w+\)$/),
      type: 'rix_api_error',
      param: '',
      code,
    },
  });
});

describe('callbacks', () => {
  let receiver: Server;
  let received: unknown[];
  let waiting: (() => void) | undefined;

  beforeEach(async () => {
    received = [];
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push(JSON.parse(Buffer.concat(chunks).toString()));
        response.end();
        waiting?.();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  async function receipts(count: number): Promise<void> {
    while (received.length < count) await new Promise<void>((resolve) => (waiting = resolve));
  }

  test('each change of status is announced with the body of a query', async () => {
    const { simulator, clock } = await start();
    const base = simulator.baseUrls.rixapi;
    const { port } = receiver.address() as AddressInfo;
    const id = await submit(base, { callback_url: `http://127.0.0.1:${port}/hook` });

    clock.nowMs += 149_000;
    const inProgress = await call(`${base}/v1/task/${id}`);
    await receipts(1);
    clock.nowMs += 1_000;
    const completed = await call(`${base}/v1/task/${id}`);
    await receipts(2);

    expect(received).toEqual([inProgress.body, completed.body]);
  });
});
