import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MediaRequest } from '../../src/core/job.ts';
import { ANY_NUMBER, ANY_SHA256, ANY_TIME } from '../installation/any-value.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { measureFile } from '../installation/stored-file.ts';
import { until } from '../installation/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: { yuan: { provider: 'nexusflow', currency: 'CNY' } },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

interface Story {
  readonly name: string;
  readonly jobId: string;
  readonly request: MediaRequest;
  readonly provider: string;
  /** The body of the one create, as the provider's document has it. */
  readonly body: object;
  readonly cost: object;
  readonly media: object;
  readonly extension: string;
}

const AVC = { codec: 'AVC', framesPerSecond: 24 };
const PNG = { codec: 'PNG', framesPerSecond: null, frames: null };

const STORIES: readonly Story[] = [
  {
    name: 'a NexusFlow video',
    jobId: 'harbour',
    request: {
      model: 'nexusflow/wan2.6-t2v',
      prompt: 'a harbour at dawn',
      durationSeconds: 5,
      resolution: '720P',
      aspectRatio: '16:9',
      seed: 7,
    },
    provider: 'nexusflow',
    body: {
      model: 'wan2.6-t2v',
      prompt: 'a harbour at dawn',
      duration: 5,
      resolution: '720P',
      ratio: '16:9',
      seed: 7,
    },
    cost: { currency: 'USD', micros: '450000', basis: '5 s × 90000 micros/s, 720P' },
    media: {
      mediaType: 'video/mp4',
      width: 1280,
      height: 720,
      durationSeconds: 5,
      ...AVC,
      frames: 120,
    },
    extension: 'mp4',
  },
  {
    name: 'a NexusFlow video of which only the prompt is given, paid in yuan',
    jobId: 'rain',
    request: { model: 'yuan/happyhorse-1.0-t2v', prompt: 'rain on neon' },
    provider: 'nexusflow',
    body: { model: 'happyhorse-1.0-t2v', prompt: 'rain on neon' },
    cost: { currency: 'CNY', micros: '4500000', basis: '5 s × 900000 micros/s, 720P' },
    media: {
      mediaType: 'video/mp4',
      width: 1280,
      height: 720,
      durationSeconds: 5,
      ...AVC,
      frames: 120,
    },
    extension: 'mp4',
  },
  {
    name: 'a video through a RixAPI gateway',
    jobId: 'paper-boat',
    request: {
      model: 'gateway/kling-v2',
      prompt: 'a paper boat',
      extra: { duration: '4', camera: { zoom: 2 } },
    },
    provider: 'rixapi',
    body: {
      model: 'kling-v2',
      input: { prompt: 'a paper boat', duration: '4', camera: { zoom: 2 } },
    },
    cost: { currency: 'USD', micros: '350000', basis: '1 item × 350000 micros/item' },
    media: {
      mediaType: 'video/mp4',
      width: 1280,
      height: 720,
      durationSeconds: 4,
      ...AVC,
      frames: 96,
    },
    extension: 'mp4',
  },
  {
    name: 'an asynchronous DieyuYun image',
    jobId: 'window-cat',
    request: { model: 'dieyuyun/gpt-image-2', prompt: 'a cat on a windowsill', size: '512x512' },
    provider: 'dieyuyun',
    body: { model: 'gpt-image-2', prompt: 'a cat on a windowsill', size: '512x512', async: true },
    cost: { currency: 'CNY', micros: '1200000', basis: '1 item × 1200000 micros/item' },
    media: { mediaType: 'image/png', width: 512, height: 512, durationSeconds: null, ...PNG },
    extension: 'png',
  },
];

describe('one job, end to end:', () => {
  it.each(STORIES.map((story) => [story.name, story] as const))(
    '%s is bought once, stored whole and booked exactly',
    async (_name, story) => {
      const { jobId, request, cost } = story;
      const { client, ledger, directory } = installation;

      const job = await client.start(request, { jobId });
      const result = await job.result();

      const [create, ...more] = installation.creates(request.prompt ?? '');
      expect(more).toEqual([]);
      expect(create?.body).toEqual(story.body);
      const [accountName, model] = request.model.split('/');
      const key = `jobs/${jobId}/1/0.${story.extension}`;
      expect(result).toEqual({
        jobId,
        status: 'succeeded',
        account: accountName,
        provider: story.provider,
        model,
        taskId: create?.taskId,
        submissions: 1,
        polls: ANY_NUMBER,
        artifacts: [
          {
            index: 0,
            key,
            url: pathToFileURL(join(directory, 'artifacts', key)).href,
            sizeBytes: ANY_NUMBER,
            sha256: ANY_SHA256,
            ...story.media,
          },
        ],
        cost: { ...cost, state: 'charged' },
        error: null,
        hold: null,
        startedAt: ANY_TIME,
        finishedAt: ANY_TIME,
      });
      expect(result.polls).toBeGreaterThanOrEqual(1);
      expect(Date.parse(result.finishedAt ?? '')).toBeGreaterThan(Date.parse(result.startedAt));
      const [artifact] = result.artifacts;
      expect(await measureFile(artifact!)).toEqual({
        sizeBytes: artifact?.sizeBytes,
        sha256: artifact?.sha256,
      });

      const entries = await ledger.entries(jobId);
      expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
      for (const entry of entries) expect(entry).toMatchObject(cost);
      expect(await ledger.submissions(jobId)).toMatchObject([
        { number: 1, state: 'accepted', taskId: create?.taskId, endedReason: 'succeeded' },
      ]);
      expect(await ledger.artifacts(jobId)).toEqual(result.artifacts);
      expect(await ledger.job(jobId)).toMatchObject({ end: 'succeeded', result });
    },
  );

  it('an image that comes in the reply to its create is stored without one reading', async () => {
    const prompt = 'a poster of a lighthouse';
    const job = await installation.client.start({
      model: 'nexusflow/wan2.6-t2i',
      prompt,
      size: '1024x1024',
    });

    const result = await job.result();

    const creates = installation.creates(prompt);
    expect(creates.map(({ body }) => body)).toEqual([
      { model: 'wan2.6-t2i', prompt, size: '1024x1024' },
    ]);
    expect(result).toMatchObject({
      status: 'succeeded',
      taskId: creates[0]?.taskId,
      polls: 0,
      artifacts: [{ mediaType: 'image/png', width: 1024, height: 1024 }],
      cost: null,
    });
    expect(reads(creates[0]?.taskId)).toBe(0);
  });

  it('two images of one task become two artifacts, each paid', async () => {
    const prompt = 'two views of a lighthouse';
    const job = await installation.client.start({
      model: 'dieyuyun/gpt-image-2',
      prompt,
      size: '512x512',
      count: 2,
    });

    const result = await job.result();

    expect(installation.creates(prompt).map(({ body }) => body)).toEqual([
      { model: 'gpt-image-2', prompt, size: '512x512', n: 2, async: true },
    ]);
    expect(result).toMatchObject({
      status: 'succeeded',
      cost: { currency: 'CNY', micros: '2400000', state: 'charged' },
    });
    expect(result.artifacts.map(({ key }) => key)).toEqual([
      `jobs/${job.jobId}/1/0.png`,
      `jobs/${job.jobId}/1/1.png`,
    ]);
    for (const artifact of result.artifacts) {
      expect(await measureFile(artifact)).toEqual({
        sizeBytes: artifact.sizeBytes,
        sha256: artifact.sha256,
      });
    }
  });

  it('an image that comes as text inside a reading is stored, and nothing of it stays in staging', async () => {
    const { client, directory } = installation;
    const job = await client.start({
      model: 'dieyuyun/gpt-image-2',
      prompt: 'a lantern, inline',
      size: '512x512',
      extra: { response_format: 'b64_json' },
    });

    const result = await job.result();

    expect(result).toMatchObject({
      status: 'succeeded',
      artifacts: [{ mediaType: 'image/png', width: 512, height: 512 }],
    });
    const [artifact] = result.artifacts;
    expect(await measureFile(artifact!)).toMatchObject({ sha256: artifact?.sha256 });
    const below = await readdir(join(directory, 'artifacts'), { recursive: true });
    expect(
      below.filter((name) => name.startsWith(`staging/${job.jobId}/`) && /\/0$/.test(name)),
    ).toEqual([]);
  });

  it('a task that fails at the provider costs nothing and says why', async () => {
    const { client, ledger, simulator } = installation;
    const prompt = 'a render that fails';
    const reason = 'InvalidParameter: the moon is too bright';
    simulator.addFaults([
      { operation: 'create', match: prompt, fault: { kind: 'fail_task', error: reason } },
    ]);
    const job = await client.start({ model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 });

    const result = await job.result();

    expect(result).toMatchObject({
      status: 'failed',
      submissions: 1,
      artifacts: [],
      cost: { currency: 'USD', micros: '0', state: 'released' },
      error: { code: 'provider.generation_failed' },
    });
    expect(result.error?.message).toContain(reason);
    expect(installation.creates(prompt)).toHaveLength(1);
    const entries = await ledger.entries(job.jobId);
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'release']);
    expect(await ledger.submissions(job.jobId)).toMatchObject([{ endedReason: 'failed' }]);
  });

  it('a DieyuYun task that is cancelled ends the job cancelled, and its cost is called unknown', async () => {
    const { client, ledger, simulator } = installation;
    const prompt = 'an image that nobody waits for';
    simulator.addFaults([{ operation: 'create', match: prompt, fault: { kind: 'stuck_task' } }]);
    const job = await client.start({ model: 'dieyuyun/gpt-image-2', prompt, size: '512x512' });
    await until('the task', async () => (await job.state()).taskId !== null);

    await job.cancel({ author: 'test', reason: 'second thoughts' });
    const result = await job.result();

    expect(result).toMatchObject({
      status: 'cancelled',
      artifacts: [],
      cost: { currency: 'CNY', micros: '1200000', state: 'unknown' },
      error: null,
      cancelRequestedAt: ANY_TIME,
    });
    const [create, ...more] = installation.creates(prompt);
    expect(more).toEqual([]);
    const cancels = simulator.log().filter(({ kind }) => kind === 'cancel');
    expect(cancels.map(({ taskId }) => taskId)).toEqual([create?.taskId]);
    const entries = await ledger.entries(job.jobId);
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'unknown']);
  });
});

function reads(taskId: string | undefined): number {
  const { simulator } = installation;
  return simulator.log().filter((entry) => entry.kind === 'read' && entry.taskId === taskId).length;
}
