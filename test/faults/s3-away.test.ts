import type { JobHandle } from '../../src/client.ts';
import type { Meddling } from '../installation/s3-fault-proxy.ts';
import { startS3Server } from '../installation/s3-server.ts';
import type { S3Server } from '../installation/s3-server.ts';
import { openS3Stores, readBytes } from '../installation/s3-stores.ts';
import type { S3Stores } from '../installation/s3-stores.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import { sha256Of } from '../model/world/memory-store.ts';

let server: S3Server;
let stores: S3Stores;
let installation: TestInstallation;

beforeAll(async () => {
  server = await startS3Server();
  stores = await openS3Stores(server);
  installation = await openInstallation({
    accounts: { brief: { provider: 'nexusflow', timing: { urlLifeSeconds: 6 } } },
    sections: { storage: { url: stores.url } },
  });
  await installation.startWorker();
}, 90_000);

afterAll(async () => {
  await installation.close();
  await stores.close();
  await server.close();
});

afterEach(() => stores.proxy.meddle(undefined));

const start = (account: string, prompt: string): Promise<JobHandle> =>
  installation.client.start({ model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 });

/** The artifact as the server has it, whatever stands before the server, and what it cost to make. */
async function expectStoredOnce(job: JobHandle, prompt: string): Promise<void> {
  const result = await job.result();
  expect(result).toMatchObject({ status: 'succeeded', submissions: 1, cost: { state: 'charged' } });
  const [artifact] = result.artifacts;
  const bytes = await readBytes(stores.direct, artifact?.key ?? '');
  expect(sha256Of(bytes)).toBe(artifact?.sha256);
  const keys: string[] = [];
  for await (const key of stores.direct.list(`jobs/${job.jobId}/`)) keys.push(key);
  expect(keys.sort()).toEqual([`jobs/${job.jobId}/1/0.mp4`, `jobs/${job.jobId}/1/job.json`]);
  expect(installation.creates(prompt)).toHaveLength(1);
}

/** The store is called for the job's output, in vain. */
async function untilAsked(job: JobHandle): Promise<void> {
  const { length } = stores.proxy.calls;
  await until('a transfer to call the store', async () => {
    const { status } = await job.state();
    return status === 'storing' && stores.proxy.calls.length > length;
  });
}

const OVERLOADED: Meddling = () => ({ kind: 'answer', status: 503, code: 'SlowDown' });
const REFUSED: Meddling = () => ({ kind: 'answer', status: 403, code: 'AccessDenied' });

it.each([
  ['is overloaded', OVERLOADED],
  ['refuses the key', REFUSED],
])('[F4] while S3 %s the transfer is repeated, never the render', async (what, meddling) => {
  const prompt = `stored although S3 ${what}`;
  stores.proxy.meddle(meddling);
  const job = await start('nexusflow', prompt);
  await untilAsked(job);

  stores.proxy.meddle(undefined);

  await expectStoredOnce(job, prompt);
});

it('[F4] a job ends by itself when S3, which was away, is back', async () => {
  const prompt = 'stored once S3 is back';
  await server.stop();
  const job = await start('nexusflow', prompt);
  await untilAsked(job);

  await server.start();

  await expectStoredOnce(job, prompt);
});

it('[F4] a job whose store was away until its URL may be dead is held, and stored when asked', async () => {
  const prompt = 'stored when somebody asks';
  stores.proxy.meddle(REFUSED);
  const job = await start('brief', prompt);
  const held = await until(
    'the job to be held',
    async () => {
      const state = await job.state();
      return state.status === 'held' && state;
    },
    60_000,
  );

  expect(held.hold).toMatchObject({
    reason: 'not_stored',
    evidence: { lastCode: 'storage.unavailable' },
  });
  expect(held.cost).toMatchObject({ state: 'charged' });
  stores.proxy.meddle(undefined);
  await job.poll();
  await expectStoredOnce(job, prompt);
}, 90_000);

it('[F4 C10] an answer that was lost after the object was made changes nothing', async () => {
  const prompt = 'made, and nobody heard of it';
  let lost = 0;
  stores.proxy.meddle((call) => {
    if (call.operation !== 'PutObject' || !call.path.endsWith('.mp4') || lost > 0) return undefined;
    lost += 1;
    return { kind: 'lose-answer' };
  });

  await expectStoredOnce(await start('nexusflow', prompt), prompt);

  expect(lost).toBe(1);
});
