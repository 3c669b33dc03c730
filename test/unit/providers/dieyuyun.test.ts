import type { Provider } from '../../../src/core/provider.ts';
import { createDieyuYun } from '../../../src/providers/dieyuyun/index.ts';
import { watchCalls } from '../../contract/suites/provider-calls.ts';
import type { ProviderCalls } from '../../contract/suites/provider-calls.ts';
import { jsonReply, startScriptedServer } from '../../contract/suites/scripted-server.ts';
import type { Answer, ScriptedServer } from '../../contract/suites/scripted-server.ts';
import { readFixture } from '../../fixtures/read-fixture.ts';

const IMAGE = { model: 'gpt-image-2', prompt: 'a cat' };
const TASK_ID = 'task_abc123xyz';

describe('DieyuYun', () => {
  let server: ScriptedServer;
  let provider: Provider;
  let calls: ProviderCalls;

  beforeEach(async () => {
    server = await startScriptedServer(jsonReply(200, readFixture('dieyuyun', 'accepted')));
    provider = createDieyuYun({
      baseUrl: server.baseUrl,
      currency: 'CNY',
      prices: new Map([
        [
          'gpt-image-2',
          [{ currency: 'CNY', unit: 'item', micros: '300000', when: {}, source: 'contract' }],
        ],
      ]),
      allowPrivateHosts: true,
    });
    calls = watchCalls(provider);
  });

  afterEach(() => server.close());

  it('always asks for async, at the endpoint of the model’s kind', async () => {
    await calls.submit({ ...IMAGE, size: '1024x1024', count: 2, extra: { quality: 'high' } });
    await calls.submit({ model: 'sora-2', prompt: 'a cat' });

    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v1/images/generations',
      '/v1/videos/generations',
    ]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      model: 'gpt-image-2',
      prompt: 'a cat',
      size: '1024x1024',
      n: 2,
      quality: 'high',
      async: true,
    });
  });

  it.each([
    ['gpt-image-2', 'image'],
    ['wan2.6-t2i', 'image'],
    ['flux-pro', 'image'],
    ['sora-2', 'video'],
    ['veo-3', 'video'],
    ['wan2.6-t2v', 'video'],
    ['Kling-V2', 'video'],
    ['doubao-seedance-1-0-pro', 'video'],
  ])('takes %s for a model of kind %s', (model, kind) => {
    expect(provider.models.find(model)?.kind).toBe(kind);
  });

  it.each([
    [{ ...IMAGE, extra: { async: false } }, 'extra.async'],
    [{ ...IMAGE, extra: { n: 3 } }, 'extra.n'],
    [{ ...IMAGE, extra: { model: 'other' } }, 'extra.model'],
    [{ ...IMAGE, durationSeconds: 5 }, 'durationSeconds'],
    [{ ...IMAGE, count: 0 }, 'count'],
    [{ model: 'gpt-image-2' }, 'prompt'],
    [{ model: 'sora-2', prompt: 'x', size: '1024x1024' }, 'size'],
  ])('refuses %j by its field', (request, field) => {
    expect(provider.validate(request).map((issue) => issue.field)).toEqual([field]);
  });

  it('prices images one by one', () => {
    expect(provider.quote({ ...IMAGE, count: 2 })).toMatchObject({
      micros: '600000',
      basis: '2 items × 300000 micros/item',
    });
  });

  it('accepts a finished body without an id, bytes included', async () => {
    server.answer(jsonReply(200, readFixture('dieyuyun', 'finished-openai-body')));

    expect(await calls.submit(IMAGE)).toMatchObject({
      outcome: 'accepted',
      taskId: undefined,
      snapshot: {
        status: 'succeeded',
        outputs: [{ source: 'inline', base64: 'iVBORw0KGgo=', kind: 'image' }],
      },
    });
  });

  it('accepts bytes of several megabytes: they were paid for', async () => {
    server.answer(jsonReply(200, { created: 1, data: [{ b64_json: 'A'.repeat(4_000_000) }] }));

    expect((await calls.submit(IMAGE)).outcome).toBe('accepted');
  });

  it('reads a finished task', async () => {
    server.answer(jsonReply(200, readFixture('dieyuyun', 'succeeded')));

    expect(await calls.read(provider.operationOf(TASK_ID, IMAGE))).toEqual({
      outcome: 'read',
      snapshot: {
        status: 'succeeded',
        providerStatus: 'completed',
        progress: 100,
        outputs: [{ source: 'url', url: 'https://cdn.dieyuyun.com/images/xxx.png', kind: 'image' }],
        createdAt: '2026-06-05T10:30:00.000Z',
        completedAt: '2026-06-05T10:30:25.000Z',
        usage: { input_tokens: 0, output_tokens: 1 },
      },
    });
  });

  it.each([
    ['failed', true, 'provider.generation_failed'],
    ['cancelled', false, 'provider.generation_failed'],
    ['expired', false, 'provider.task_expired'],
  ])('reads %s, which proves that nothing is owed: %p', async (status, isProof, code) => {
    server.answer(jsonReply(200, { ...readFixture('dieyuyun', 'failed'), status }));

    expect(await calls.read(provider.operationOf(TASK_ID, IMAGE))).toMatchObject({
      snapshot: { status, failureProvesNoCharge: isProof, error: { code } },
    });
  });

  it.each<[string, Answer, string]>([
    ['200', jsonReply(200, {}), 'requested'],
    ['202 and nothing', { kind: 'reply', status: 202, body: '' }, 'requested'],
    ['400', jsonReply(400, { error: { message: 'completed' } }), 'refused'],
    ['404', jsonReply(404, {}), 'refused'],
    ['409', jsonReply(409, {}), 'refused'],
    ['401', jsonReply(401, {}), 'trouble'],
    ['429', jsonReply(429, {}), 'trouble'],
    ['500', jsonReply(500, {}), 'trouble'],
    ['silence after the request', { kind: 'close-after-request' }, 'trouble'],
  ])('a cancel answered by %s is one call, %s', async (_, answer, outcome) => {
    server.answer(answer);
    const cancelled = await provider.cancel?.(
      provider.operationOf(TASK_ID, IMAGE),
      calls.context(),
    );

    expect(cancelled?.outcome).toBe(outcome);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /v1/tasks/${TASK_ID}/cancel`,
    ]);
  });
});
