import { startSimulator } from '../../simulator/index.ts';
import type { RunningSimulator } from '../../simulator/index.ts';
import type { ProviderName } from '../../src/core/account.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import type { Operation, Provider, Snapshot } from '../../src/core/provider.ts';
import { createMediaFetcher, PROVIDERS } from '../../src/providers/index.ts';
import { watchCalls } from './suites/provider-calls.ts';

const START_MS = Date.UTC(2026, 10, 21, 12, 0, 0);
const TEN_MINUTES_MS = 600_000;

let nowMs: number;
let simulator: RunningSimulator;

beforeEach(async () => {
  nowMs = START_MS;
  simulator = await startSimulator({
    nowMs: () => nowMs,
    durationsMs: { synchronous: [1, 2] },
    models: [{ provider: 'dieyuyun', model: 'gpt-image-1', kind: 'image' }],
    synchronousModels: ['gpt-image-1'],
  });
});

afterEach(() => simulator.close());

const providerFor = (name: ProviderName): Provider =>
  PROVIDERS[name]({
    baseUrl: simulator.baseUrls[name],
    currency: 'USD',
    prices: new Map(),
    allowPrivateHosts: true,
  });

async function submitTo(provider: Provider, request: MediaRequest): Promise<[Operation, Snapshot]> {
  expect(provider.validate(request)).toEqual([]);
  const submission = await watchCalls(provider).submit(request);
  if (submission.outcome !== 'accepted') throw new Error(JSON.stringify(submission));
  return [submission.operation, submission.snapshot];
}

async function readState(provider: Provider, operation: Operation): Promise<Snapshot> {
  const reading = await watchCalls(provider).read(operation);
  if (reading.outcome !== 'read') throw new Error(JSON.stringify(reading));
  return reading.snapshot;
}

async function download({ outputs }: Snapshot): Promise<number[]> {
  const options = {
    signal: new AbortController().signal,
    maxBytes: 50_000_000,
    timeoutMs: 5_000,
    allowPrivateHosts: true,
  };
  const sizes: number[] = [];
  for (const output of outputs ?? []) {
    if (output.source !== 'url') continue;
    const media = await createMediaFetcher().fetch(output.url, options, {
      begin: async () => undefined,
      write: async () => undefined,
    });
    sizes.push(media.sizeBytes);
  }
  return sizes;
}

describe('against a provider that knows nothing of the adapters,', () => {
  it.each<[ProviderName, MediaRequest]>([
    ['nexusflow', { model: 'wan2.6-t2v', prompt: 'a lighthouse', durationSeconds: 5, seed: 7 }],
    [
      'nexusflow',
      { model: 'wan2.6-i2v', prompt: 'it moves', imageUrls: ['https://example.com/a.png'] },
    ],
    [
      'nexusflow',
      { model: 'happyhorse-1.0-video-edit', prompt: 'x', videoUrl: 'https://example.com/a.mp4' },
    ],
    ['nexusflow', { model: 'pixverse-v6', prompt: 'waves', audio: true, resolution: '1080P' }],
    ['rixapi', { model: 'kling-v2', prompt: 'a lighthouse', extra: { duration: '5' } }],
    ['dieyuyun', { model: 'gpt-image-2', prompt: 'a cat', size: '1024x1024', count: 2 }],
  ])('%s makes, finishes and delivers %j', async (name, request) => {
    const provider = providerFor(name);
    const [operation, first] = await submitTo(provider, request);
    nowMs += TEN_MINUTES_MS;
    const last = await readState(provider, operation);

    expect(['queued', 'running']).toContain(first.status);
    expect(last).toMatchObject({ status: 'succeeded' });
    const sizes = await download(last);
    expect(sizes).toHaveLength(request.count ?? 1);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });

  it.each<[ProviderName, MediaRequest]>([
    ['nexusflow', { model: 'wan2.6-t2i', prompt: 'a cat', count: 2 }],
    ['dieyuyun', { model: 'gpt-image-1', prompt: 'a cat' }],
  ])('%s finishes %j in the reply to the create', async (name, request) => {
    const [, snapshot] = await submitTo(providerFor(name), request);

    expect(snapshot.status).toBe('succeeded');
    expect(snapshot.outputs).toHaveLength(request.count ?? 1);
  });

  it('DieyuYun stops a task that is asked to stop', async () => {
    const provider = providerFor('dieyuyun');
    const [operation] = await submitTo(provider, { model: 'gpt-image-2', prompt: 'a cat' });
    const context = watchCalls(provider).context();
    const asked = await provider.cancel?.(operation, context);

    expect(asked).toEqual({ outcome: 'requested' });
    expect(await readState(provider, operation)).toMatchObject({ status: 'cancelled' });
    expect(await provider.cancel?.(operation, context)).toMatchObject({ outcome: 'refused' });
  });

  it('NexusFlow lists what was made, newest first', async () => {
    const provider = providerFor('nexusflow');
    const first = await submitTo(provider, { model: 'wan2.6-t2v', prompt: 'one' });
    nowMs += 1_000;
    const second = await submitTo(provider, { model: 'pixverse-v6', prompt: 'two' });
    const listed = await provider.list?.({ limit: 10 }, watchCalls(provider).context());

    expect(listed).toMatchObject({
      outcome: 'listed',
      isWholePage: false,
      tasks: [
        { taskId: second[0]['taskId'], model: 'pixverse-v6' },
        { taskId: first[0]['taskId'], model: 'wan2.6-t2v' },
      ],
    });
  });
});
