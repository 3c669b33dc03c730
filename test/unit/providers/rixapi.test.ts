import type { JsonObject } from '../../../src/core/json.ts';
import type { Provider } from '../../../src/core/provider.ts';
import { createRixApi } from '../../../src/providers/rixapi/index.ts';
import { watchCalls } from '../../contract/suites/provider-calls.ts';
import type { ProviderCalls } from '../../contract/suites/provider-calls.ts';
import { jsonReply, startScriptedServer } from '../../contract/suites/scripted-server.ts';
import type { ScriptedServer } from '../../contract/suites/scripted-server.ts';
import { readFixture } from '../../fixtures/read-fixture.ts';

describe('RixAPI', () => {
  let server: ScriptedServer;
  let provider: Provider;
  let calls: ProviderCalls;

  beforeEach(async () => {
    server = await startScriptedServer(jsonReply(200, readFixture('rixapi', 'accepted')));
    provider = createRixApi({
      baseUrl: server.baseUrl,
      currency: 'USD',
      prices: new Map([
        [
          'kling-v2',
          [
            {
              currency: 'USD',
              unit: 'second',
              micros: '70000',
              when: {},
              source: 'contract 2026-10',
            },
          ],
        ],
      ]),
      allowPrivateHosts: true,
    });
    calls = watchCalls(provider);
  });

  afterEach(() => server.close());

  it('sends the prompt within the input, and the input as given', async () => {
    const extra = { duration: '5', camera: { pan: [1, 2] } };
    await calls.submit(
      { model: 'kling-v2', prompt: 'x', extra },
      { callbackUrl: 'https://h.example/c' },
    );

    expect(server.requests[0]?.path).toBe('/v1/task/submit');
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      model: 'kling-v2',
      input: { duration: '5', camera: { pan: [1, 2] }, prompt: 'x' },
      callback_url: 'https://h.example/c',
    });
  });

  it('asks for no callback where none was asked for', async () => {
    await calls.submit({ model: 'kling-v2', prompt: 'x' });

    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      model: 'kling-v2',
      input: { prompt: 'x' },
    });
  });

  it.each([
    [{ model: 'kling-v2', prompt: 'x', durationSeconds: 5 }, 'durationSeconds'],
    [{ model: 'kling-v2', prompt: 'x', imageUrls: ['https://example.com/a.png'] }, 'imageUrls'],
    [{ model: 'kling-v2', prompt: 'x', extra: { prompt: 'y' } }, 'extra.prompt'],
    [{ model: 'kling-v2' }, 'prompt'],
    [{ model: 'kling-v2', extra: {} }, 'prompt'],
  ])('refuses %j by its field', (request, field) => {
    expect(provider.validate(request).map((issue) => issue.field)).toEqual([field]);
  });

  it('says where a canonical field belongs instead', () => {
    const [issue] = provider.validate({ model: 'm', prompt: 'x', aspectRatio: '16:9' });

    expect(issue?.rule).toMatch(/into extra$/);
  });

  it('answers for every model, and lists those of the guide', () => {
    expect(provider.models.find('kling-v3/text-to-video')).toMatchObject({
      kind: undefined,
      prices: [],
    });
    expect(provider.models.find('veo-3')?.kind).toBe('video');
    expect(provider.models.list()).toHaveLength(15);
  });

  it.each([
    [{ duration: '5' }, '350000'],
    [{ duration: 5 }, '350000'],
    [{ seconds: 4 }, '280000'],
    [{ duration: 'long' }, undefined],
    [{ duration: -5 }, undefined],
    [{}, undefined],
  ])('prices the seconds that the input %j asks for at %p', (extra: JsonObject, micros) => {
    expect(provider.quote({ model: 'kling-v2', prompt: 'x', extra })?.micros).toBe(micros);
  });

  it('has no price of its own', () => {
    expect(provider.quote({ model: 'veo-3', prompt: 'x', extra: { duration: 5 } })).toBeUndefined();
  });

  it('reads mixed outputs by what each is, and keeps the usage', async () => {
    server.answer(jsonReply(200, readFixture('rixapi', 'succeeded')));

    expect(await calls.read(provider.operationOf('task_abc123', { model: 'suno' }))).toEqual({
      outcome: 'read',
      snapshot: {
        status: 'succeeded',
        providerStatus: 'completed',
        outputs: [
          { source: 'url', url: 'https://cdn.example.com/cover.jpeg', kind: 'image' },
          { source: 'url', url: 'https://cdn.example.com/song.mp3?sign=1', kind: 'audio' },
          { source: 'url', url: 'https://cdn.example.com/result', kind: undefined },
        ],
        createdAt: '2024-03-23T22:56:07.000Z',
        completedAt: '2024-03-23T22:57:47.000Z',
        usage: { type: 'tokens', output_tokens: 108900, total_tokens: 108900 },
      },
    });
    expect(server.requests[0]?.path).toBe('/v1/task/task_abc123');
  });

  it('loses no output: an address that may not be fetched is kept to be refused aloud', async () => {
    server.answer(
      jsonReply(200, {
        id: 'task_abc123',
        status: 'completed',
        outputs: ['file:///etc/passwd', 'x'],
      }),
    );

    expect(await calls.read(provider.operationOf('task_abc123', { model: 'm' }))).toMatchObject({
      snapshot: { outputs: [{ url: 'file:///etc/passwd' }, { url: 'x' }] },
    });
  });

  it('does not take an overload as proof of anything', async () => {
    server.answer(jsonReply(503, {}));

    expect(await calls.submit({ model: 'kling-v2', prompt: 'x' })).toMatchObject({
      outcome: 'unknown',
    });
  });
});
