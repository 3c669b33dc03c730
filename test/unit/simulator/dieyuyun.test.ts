import { anyNumber, call, start, START_MS, textLike } from './running-simulator.ts';

const CREATED_AT = '2026-06-01T10:00:00Z';
const IMAGE = { model: 'gpt-image-2', prompt: 'A cat', size: '1024x1024', async: true };

async function submit(base: string, changes: Record<string, unknown> = {}): Promise<string> {
  const reply = await call(`${base}/v1/images/generations`, { body: { ...IMAGE, ...changes } });
  return String(reply.body['id']);
}

test('a task is queued, processing, then completed, with the fields of the samples', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.dieyuyun;

  const submitted = await call(`${base}/v1/images/generations`, { body: IMAGE });
  const id = String(submitted.body['id']);
  clock.nowMs += 15_000;
  const processing = await call(`${base}/v1/tasks/${id}`);
  clock.nowMs += 5_000;
  const completed = await call(`${base}/v1/tasks/${id}`);

  expect(submitted.body).toEqual({
    id,
    status: 'queued',
    progress: 0,
    created_at: CREATED_AT,
    request_id: textLike(/^req_/),
  });
  expect(processing.body).toEqual({
    id,
    status: 'processing',
    progress: anyNumber(),
    model_code: 'gpt-image-2',
    created_at: CREATED_AT,
    updated_at: '2026-06-01T10:00:15Z',
  });
  expect(completed.body).toEqual({
    id,
    status: 'completed',
    progress: 100,
    model_code: 'gpt-image-2',
    result: {
      created: START_MS / 1000 + 20,
      data: [{ url: `${simulator.url}/files/${id}-0.png`, revised_prompt: 'A cat' }],
    },
    usage: { input_tokens: 0, output_tokens: 1 },
    created_at: CREATED_AT,
    completed_at: '2026-06-01T10:00:20Z',
  });
});

test('a failed task has error_code, error_message and failed_at', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.dieyuyun;
  const error = 'The upstream provider returned an error';
  simulator.addFaults([{ operation: 'create', fault: { kind: 'fail_task', error } }]);
  const id = await submit(base);

  clock.nowMs += 20_000;
  const failed = await call(`${base}/v1/tasks/${id}`);

  expect(failed.body).toEqual({
    id,
    status: 'failed',
    error_code: 'upstream_error',
    error_message: error,
    created_at: CREATED_AT,
    failed_at: '2026-06-01T10:00:20Z',
  });
});

test('a task can be cancelled while it is queued or processing, and not afterwards', async () => {
  const { simulator } = await start();
  const base = simulator.baseUrls.dieyuyun;
  const id = await submit(base);

  const cancelled = await call(`${base}/v1/tasks/${id}/cancel`, { method: 'POST' });
  const again = await call(`${base}/v1/tasks/${id}/cancel`, { method: 'POST' });

  expect(cancelled).toMatchObject({ status: 200, body: { id, status: 'cancelled' } });
  expect(again).toMatchObject({ status: 400, body: { error: { code: 'task_not_cancellable' } } });
  expect(simulator.log().filter((entry) => entry.kind === 'end')).toHaveLength(1);
});

test('a task whose life is over reads as expired', async () => {
  const { simulator, clock } = await start({ taskLifeMs: 60_000 });
  const base = simulator.baseUrls.dieyuyun;
  const id = await submit(base);

  clock.nowMs += 60_000;
  const reply = await call(`${base}/v1/tasks/${id}`);

  expect(reply).toMatchObject({ status: 200, body: { id, status: 'expired' } });
});

test('the key may come as x-api-key', async () => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.dieyuyun}/v1/images/generations`, {
    body: IMAGE,
    headers: { authorization: '', 'x-api-key': 'sk-other' },
  });

  expect(reply.status).toBe(200);
});

test('without async the finished images come at once and without an id', async () => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.dieyuyun}/v1/images/generations`, {
    body: { ...IMAGE, async: false, response_format: 'b64_json' },
  });

  const [image] = reply.body['data'] as { b64_json: string }[];
  expect(reply.body).not.toHaveProperty('id');
  expect(Buffer.from(image!.b64_json, 'base64').subarray(1, 4).toString()).toBe('PNG');
});

test('video needs a configured model and async', async () => {
  const { simulator, clock } = await start({
    models: [{ provider: 'dieyuyun', model: 'some-video', kind: 'video' }],
  });
  const base = simulator.baseUrls.dieyuyun;
  const body = { model: 'some-video', prompt: 'x', duration: 4 };

  const refused = await call(`${base}/v1/videos/generations`, { body });
  const accepted = await call(`${base}/v1/videos/generations`, { body: { ...body, async: true } });
  clock.nowMs += 150_000;
  const id = String(accepted.body['id']);
  const completed = await call(`${base}/v1/tasks/${id}`);

  expect(refused.status).toBe(400);
  expect(completed.body).toMatchObject({
    status: 'completed',
    result: { data: [{ url: `${simulator.url}/files/${id}-0.mp4` }] },
  });
});
