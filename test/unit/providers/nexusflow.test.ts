import type { JsonObject } from '../../../src/core/json.ts';
import type { Provider } from '../../../src/core/provider.ts';
import { createNexusFlow } from '../../../src/providers/nexusflow/index.ts';
import { watchCalls } from '../../contract/suites/provider-calls.ts';
import type { ProviderCalls } from '../../contract/suites/provider-calls.ts';
import { jsonReply, startScriptedServer } from '../../contract/suites/scripted-server.ts';
import type { ScriptedServer } from '../../contract/suites/scripted-server.ts';
import { readFixture } from '../../fixtures/read-fixture.ts';

const IMAGE = 'https://example.com/a.png';
const VIDEO = 'https://example.com/a.mp4';

const TASK_ID = 'task_0385dc79-5ff8-4d82-xxxx';

describe('NexusFlow on the wire', () => {
  let server: ScriptedServer;
  let provider: Provider;
  let calls: ProviderCalls;

  beforeEach(async () => {
    server = await startScriptedServer(jsonReply(202, readFixture('nexusflow', 'accepted')));
    provider = createNexusFlow({
      baseUrl: `${server.baseUrl}/`,
      currency: 'USD',
      prices: new Map(),
      allowPrivateHosts: true,
    });
    calls = watchCalls(provider);
  });

  afterEach(() => server.close());

  const sentBody = (): JsonObject => JSON.parse(server.requests[0]?.body ?? '') as JsonObject;
  const readTask = (body: JsonObject, taskId = TASK_ID): ReturnType<ProviderCalls['read']> => {
    server.answer(jsonReply(200, body));
    return calls.read(provider.operationOf(taskId, { model: 'wan2.6-t2v' }));
  };

  it('sends nothing that was not asked for', async () => {
    await calls.submit({ model: 'wan2.6-t2v', prompt: 'x' });

    expect(server.requests[0]?.path).toBe('/v1/tasks');
    expect(sentBody()).toEqual({ model: 'wan2.6-t2v', prompt: 'x' });
  });

  it('sends every field under the API’s own name', async () => {
    await calls.submit({
      model: 'wan2.6-i2v',
      prompt: 'x',
      durationSeconds: 5,
      resolution: '720P',
      aspectRatio: '16:9',
      imageUrls: [IMAGE],
      seed: 0,
      watermark: false,
    });

    expect(sentBody()).toEqual({
      model: 'wan2.6-i2v',
      prompt: 'x',
      duration: 5,
      resolution: '720P',
      ratio: '16:9',
      img_url: IMAGE,
      seed: 0,
      watermark: false,
    });
  });

  it('sends references as a list, and no empty one', async () => {
    const edit = {
      model: 'happyhorse-1.0-video-edit',
      prompt: 'x',
      videoUrl: VIDEO,
      imageUrls: [],
    };
    await calls.submit(edit);

    expect(sentBody()).toEqual({ model: edit.model, prompt: 'x', video_url: VIDEO });
  });

  it('takes an image that is finished in the create’s own 202', async () => {
    server.answer(jsonReply(202, readFixture('nexusflow', 'image-at-once')));
    const submission = await calls.submit({ model: 'wan2.6-t2i', prompt: 'x', count: 2 });

    expect(submission).toMatchObject({
      outcome: 'accepted',
      taskId: TASK_ID,
      snapshot: {
        status: 'succeeded',
        outputs: [
          { url: 'https://dashscope-result.oss-cn-beijing.aliyuncs.com/a.png', kind: 'image' },
          { url: 'https://dashscope-result.oss-cn-beijing.aliyuncs.com/b.png', kind: 'image' },
        ],
      },
    });
  });

  it('takes an overload as proof that no task was started', async () => {
    server.answer(jsonReply(503, { error: { code: 'server_error' } }, { 'retry-after': '5' }));

    expect(await calls.submit({ model: 'wan2.6-t2v', prompt: 'x' })).toMatchObject({
      outcome: 'rejected',
      error: { code: 'provider.unavailable' },
      retryAfterMs: 5_000,
    });
  });

  it.each([
    [402, 'insufficient_balance', 'provider.out_of_credit'],
    [402, 'sub_account_quota_exceeded', 'provider.out_of_credit'],
    [403, 'insufficient_quota', 'provider.out_of_credit'],
    [429, 'insufficient_quota', 'provider.out_of_credit'],
    [403, 'model_not_allowed', 'provider.unauthorized'],
    [400, 'content_filter', 'request.content_refused'],
    [404, 'model_not_found', 'request.invalid'],
    [400, 'upstream_error', 'request.invalid'],
  ])('reads %d %s as %s: money and content before the status', async (status, word, code) => {
    server.answer(jsonReply(status, { error: { code: word, message: 'm', type: 't' } }));

    expect(await calls.submit({ model: 'wan2.6-t2v', prompt: 'x' })).toMatchObject({
      outcome: 'rejected',
      error: { code, details: { status, providerCode: word } },
    });
  });

  it('shows no prompt that a refusal echoes', async () => {
    const prompt = 'a very private idea';
    server.answer(jsonReply(400, { error: { message: `bad prompt: ${prompt}` } }));

    expect(JSON.stringify(await calls.submit({ model: 'wan2.6-t2v', prompt }))).not.toContain(
      prompt,
    );
  });

  it('reads a finished video with its stamps', async () => {
    expect(await readTask(readFixture('nexusflow', 'succeeded'))).toEqual({
      outcome: 'read',
      snapshot: {
        status: 'succeeded',
        providerStatus: 'succeeded',
        progress: 100,
        outputs: [
          {
            source: 'url',
            url: 'https://dashscope-result.oss-cn-beijing.aliyuncs.com/xxx.mp4',
            kind: 'video',
          },
        ],
        model: 'wan2.6-t2v',
        createdAt: '2026-06-01T10:00:00.000Z',
        completedAt: '2026-06-01T10:02:36.000Z',
      },
    });
  });

  it('takes a failure as free, with the provider’s reason', async () => {
    expect(await readTask(readFixture('nexusflow', 'failed'))).toMatchObject({
      snapshot: {
        status: 'failed',
        failureProvesNoCharge: true,
        error: {
          code: 'provider.generation_failed',
          message: 'NexusFlow failed the task: InvalidParameter: The parameter is invalid.',
          details: { providerCode: 'InvalidParameter' },
        },
      },
    });
  });

  it('takes no proof from a failure that hides a failed query', async () => {
    const body = { ...readFixture('nexusflow', 'failed'), error: 'Task query failed (HTTP 502)' };

    expect(await readTask(body)).toMatchObject({ snapshot: { failureProvesNoCharge: false } });
  });

  it('tells refused content from a failed generation', async () => {
    const error = 'DataInspectionFailed: Output data may contain inappropriate content.';

    expect(await readTask({ ...readFixture('nexusflow', 'failed'), error })).toMatchObject({
      snapshot: { error: { code: 'request.content_refused' } },
    });
  });

  it('keeps an id that would leave its path inside it', async () => {
    await readTask(readFixture('nexusflow', 'running'), '../admin?x=1');

    expect(server.requests[0]?.path).toBe('/v1/tasks/..%2Fadmin%3Fx%3D1');
  });

  const list = (limit: number): ReturnType<NonNullable<Provider['list']>> =>
    provider.list!({ limit }, calls.context());

  it('lists the newest tasks, never asking for more than a page', async () => {
    server.answer(jsonReply(200, readFixture('nexusflow', 'list')));

    expect(await list(500)).toEqual({
      outcome: 'listed',
      isWholePage: false,
      tasks: [
        {
          taskId: TASK_ID,
          model: 'wan2.6-t2v',
          status: 'running',
          createdAt: '2026-06-01T10:00:00.000Z',
        },
        {
          taskId: '0385dc79-5ff8-4d82-0000',
          model: 'pixverse-v6',
          status: 'failed',
          createdAt: '2026-06-01T09:00:00.000Z',
        },
      ],
    });
    expect(server.requests[0]?.path).toBe('/v1/tasks?limit=100');
    expect(await list(2)).toMatchObject({ isWholePage: true });
  });

  it.each([
    ['a row without an id', { data: [{ status: 'running' }] }],
    ['no list', { object: 'list' }],
  ])('concludes nothing from a list with %s', async (_, body) => {
    server.answer(jsonReply(200, body));

    expect(await list(10)).toMatchObject({
      outcome: 'trouble',
      error: { code: 'provider.bad_response' },
    });
  });
});
