import { call, start, textLike, textToVideo } from './running-simulator.ts';

async function createVideo(
  base: string,
  changes: Record<string, unknown> = {},
  key?: string,
): Promise<string> {
  const body = textToVideo(changes);
  const reply = await call(`${base}/v1/tasks`, { body, ...(key === undefined ? {} : { key }) });
  return String(reply.body['id']);
}

test('a created video task is answered with 202 and exactly the documented fields', async () => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
    body: textToVideo({ resolution: '1080P', ratio: '16:9', duration: 5 }),
  });

  expect(reply.status).toBe(202);
  expect(reply.body).toEqual({
    id: textLike(/^task_[0-9a-f-]{36}$/),
    object: 'task',
    status: 'running',
    model: 'wan2.6-t2v',
    type: 'video',
    created_at: '2026-06-01T10:00:00.000Z',
  });
});

test('a task reads as running, then as succeeded with the fields of the sample', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.nexusflow;
  const id = await createVideo(base);

  const running = await call(`${base}/v1/tasks/${id}`);
  clock.nowMs += 156_000;
  const succeeded = await call(`${base}/v1/tasks/${id}`);

  const identity = { id, object: 'task', model: 'wan2.6-t2v', type: 'video' };
  const created = { created_at: '2026-06-01T10:00:00.000Z' };
  expect(running).toMatchObject({ status: 200 });
  expect(running.body).toEqual({ ...identity, status: 'running', progress: 50, ...created });
  expect(succeeded.body).toEqual({
    ...identity,
    status: 'succeeded',
    progress: 100,
    output: { video_url: `${simulator.url}/files/${id}-0.mp4` },
    ...created,
    completed_at: '2026-06-01T10:02:30.000Z',
  });
});

test('a failed task carries its error as a string and neither progress nor output', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.nexusflow;
  const id = await createVideo(base, { prompt: 'x [sim:fail]' });

  clock.nowMs += 150_000;
  const failed = await call(`${base}/v1/tasks/${id}`);

  expect(failed.body).toEqual({
    id,
    object: 'task',
    status: 'failed',
    model: 'wan2.6-t2v',
    type: 'video',
    error: 'InvalidParameter: The parameter is invalid.',
    created_at: '2026-06-01T10:00:00.000Z',
    completed_at: '2026-06-01T10:02:30.000Z',
  });
});

test('an image is finished in the reply to its create, which is still a 202', async () => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
    body: { model: 'wan2.6-t2i', prompt: 'a cat', n: 2 },
  });

  const id = String(reply.body['id']);
  const images = [0, 1].map((index) => `${simulator.url}/files/${id}-${index}.png`);
  expect(reply.status).toBe(202);
  expect(reply.body).toMatchObject({
    status: 'succeeded',
    type: 'image',
    progress: 100,
    output: { type: 'image', image_url: images[0], images },
    completed_at: '2026-06-01T10:00:00.000Z',
  });
});

test('the list shows the newest first, at most what was asked for, and no output, error or prompt', async () => {
  const { simulator } = await start();
  const base = simulator.baseUrls.nexusflow;
  const ids: string[] = [];
  for (let count = 0; count < 22; count += 1) ids.push(await createVideo(base));

  const usual = await call(`${base}/v1/tasks`);
  const two = await call(`${base}/v1/tasks?limit=2`);
  const capped = await call(`${base}/v1/tasks?limit=500`);

  const idsOf = (reply: { body: Record<string, unknown> }): unknown[] =>
    (reply.body['data'] as { id: unknown }[]).map((row) => row.id);
  const newestFirst = [...ids].reverse();
  expect(idsOf(usual)).toEqual(newestFirst.slice(0, 20));
  expect(idsOf(capped)).toEqual(newestFirst);
  expect(two.body).toEqual({
    object: 'list',
    data: newestFirst.slice(0, 2).map((id) => ({
      id,
      object: 'task',
      status: 'running',
      model: 'wan2.6-t2v',
      type: 'video',
      progress: 50,
      created_at: '2026-06-01T10:00:00.000Z',
      completed_at: null,
    })),
  });
});

test.each([
  ['an unknown model', { model: 'wan9' }, 404, 'model_not_found'],
  ['a missing prompt', { prompt: undefined }, 400, 'invalid_parameter'],
  ['a duration out of range', { duration: 16 }, 400, 'invalid_parameter'],
  ['a duration that is no integer', { duration: '5' }, 400, 'invalid_parameter'],
  ['an unknown resolution', { resolution: '4K' }, 400, 'invalid_parameter'],
  ['an unknown ratio', { ratio: '21:9' }, 400, 'invalid_parameter'],
  ['a seed out of range', { seed: 2_147_483_648 }, 400, 'invalid_parameter'],
  ['image-to-video without its image', { model: 'wan2.6-i2v' }, 400, 'invalid_parameter'],
  ['a reference video without images', { model: 'happyhorse-1.0-r2v' }, 400, 'invalid_parameter'],
])('%s is refused, in the envelope, and makes no task', async (_name, changes, status, code) => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
    body: textToVideo(changes),
  });

  expect(reply.status).toBe(status);
  expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
  expect(reply.body).toEqual({
    error: { code, message: textLike(/./), type: 'invalid_request_error' },
  });
  expect(simulator.log().map((entry) => entry.kind)).toEqual(['refused']);
});

test('a wrong key gets 401 and its text never reaches the log', async () => {
  const { simulator } = await start();

  const reply = await call(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
    body: textToVideo(),
    key: 'wrong-secret',
  });

  expect(reply).toMatchObject({ status: 401, body: { error: { code: 'invalid_api_key' } } });
  expect(JSON.stringify(simulator.log())).not.toContain('wrong-secret');
});

test('a task is read only with the key that made it, while the list shows all of the user', async () => {
  const user = { user: 'studio' };
  const { simulator } = await start({ keys: { one: user, two: user } });
  const base = simulator.baseUrls.nexusflow;
  const id = await createVideo(base, {}, 'one');

  const read = await call(`${base}/v1/tasks/${id}`, { key: 'two' });
  const list = await call(`${base}/v1/tasks`, { key: 'two' });

  expect(read).toMatchObject({ status: 404, body: { error: { code: 'task_not_found' } } });
  expect(list.body['data']).toMatchObject([{ id }]);
});

test('a lazy task advances only when its own id is read', async () => {
  const { simulator, clock } = await start({ lazy: true });
  const base = simulator.baseUrls.nexusflow;
  const id = await createVideo(base);

  clock.nowMs += 400_000;
  const listed = await call(`${base}/v1/tasks`);
  const read = await call(`${base}/v1/tasks/${id}`);

  expect(listed.body['data']).toMatchObject([{ id, status: 'running' }]);
  expect(read.body).toMatchObject({
    status: 'succeeded',
    completed_at: '2026-06-01T10:06:40.000Z',
  });
});

test('an id is forgotten when the life of the task is over', async () => {
  const { simulator, clock } = await start();
  const base = simulator.baseUrls.nexusflow;
  const id = await createVideo(base);

  clock.nowMs += 24 * 3600 * 1000;
  const reply = await call(`${base}/v1/tasks/${id}`);

  expect(reply).toMatchObject({ status: 404, body: { error: { code: 'task_not_found' } } });
});

test.each([
  ['wan2.6-t2v', '720P', 5, 'USD', '450000'],
  ['wan2.6-t2v', '1080P', 5, 'USD', '700000'],
  ['happyhorse-1.0-t2v', '720P', 5, 'CNY', '4500000'],
  ['happyhorse-1.0-t2v', '1080P', 5, 'CNY', '8000000'],
  ['pixverse-v6', '1080P', 3, 'USD', '240000'],
] as const)(
  '%s at %s for %i s is billed in %s as printed',
  async (model, resolution, duration, currency, micros) => {
    const { simulator, clock } = await start({ currency });

    await createVideo(simulator.baseUrls.nexusflow, { model, resolution, duration });
    clock.nowMs += 150_000;

    expect(simulator.log().at(-1)).toMatchObject({
      kind: 'end',
      status: 'succeeded',
      bill: { currency, micros },
    });
  },
);

test('reads over the budget of a key are refused with Retry-After', async () => {
  const { simulator, clock } = await start({ limits: { readsPerMinute: 2 } });
  const base = simulator.baseUrls.nexusflow;
  const url = `${base}/v1/tasks/${await createVideo(base)}`;

  const statuses = [await call(url), await call(url), await call(url)].map((reply) => reply.status);
  clock.nowMs += 60_000;
  const later = await call(url);

  expect([...statuses, later.status]).toEqual([200, 200, 429, 200]);
});
