import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JobResult } from '../../src/index.ts';
import type { CallbackScene } from './scenes/callback-scene.ts';
import { openCallbackScene } from './scenes/callback-scene.ts';

const JOBS = 50;
const PER_SECOND = 1_000;
/** Long enough for all tasks to end meanwhile. */
const FLOOD_SECONDS = 12;
/** What a callback that lies about the end is worth: a few readings that follow it, and the safety net. */
const MOST_READINGS = 12;
const FLOOD = fileURLToPath(new URL('child/flood-callbacks.mjs', import.meta.url));

const jobIds = Array.from({ length: JOBS }, (_, index) => `flooded-${index}`);
let scene: CallbackScene;

beforeAll(async () => {
  scene = await openCallbackScene({
    simulator: { durationsMs: { image: [4_000, 8_000], video: [4_000, 8_000] } },
    accounts: {
      gateway: {
        provider: 'rixapi',
        timing: { firstPollSeconds: 120, minPollSeconds: 1, maxPollSeconds: 120 },
        limits: { concurrentTasks: JOBS },
      },
    },
  });
  await scene.startReceiver();
  await scene.installation.startWorker();
}, 120_000);

afterAll(() => scene.close());

interface Sent {
  readonly path: string;
  readonly body: string;
}

/** It says that a task of nobody has ended. */
function lieAbout(jobId: string): Sent {
  const url = scene.urls({ account: 'gateway', jobId, number: 1 });
  return {
    path: new URL(url).pathname,
    body: JSON.stringify({ id: 'task_of_nobody', status: 'completed' }),
  };
}

function forge(jobId: string): Sent {
  const { path, body } = lieAbout(jobId);
  return { path: path.slice(0, -1) + (path.endsWith('x') ? 'y' : 'x'), body };
}

async function flood(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  const kinds = [
    { name: 'forged', perSecond: PER_SECOND, requests: jobIds.map(forge) },
    { name: 'duplicate', perSecond: PER_SECOND, requests: jobIds.map(lieAbout) },
  ];
  const order = JSON.stringify({ origin: scene.origin, seconds: FLOOD_SECONDS, kinds });
  const { stdout } = await promisify(execFile)(process.execPath, [FLOOD, order]);
  const report = JSON.parse(stdout) as {
    readonly kinds: readonly {
      readonly name: string;
      readonly statuses: Readonly<Record<string, number>>;
    }[];
  };
  return Object.fromEntries(report.kinds.map(({ name, statuses }) => [name, statuses]));
}

async function runJob(jobId: string): Promise<JobResult> {
  const request = { model: 'gateway/kling-v2', prompt: jobId };
  const job = await scene.installation.client.start(request, { jobId });
  return await job.result();
}

function readingsOf(taskId: string | null): number {
  return scene.installation.simulator
    .log()
    .filter((entry) => entry.kind === 'read' && entry.taskId === taskId).length;
}

describe(`[F16] ${JOBS} jobs whose callbacks are forged and repeated a thousand times a second`, () => {
  it('end as if nobody had: one create, one file, one charge each, and a handful of readings', async () => {
    const running = Promise.all(jobIds.map(runJob));
    const answered = await flood();
    const results = await running;

    expect(answered).toEqual({
      forged: { '404': FLOOD_SECONDS * PER_SECOND },
      duplicate: { '202': FLOOD_SECONDS * PER_SECOND },
    });
    const harmed = results.filter(
      ({ status, submissions, artifacts, cost }) =>
        status !== 'succeeded' ||
        submissions !== 1 ||
        artifacts.length !== 1 ||
        cost?.state !== 'charged',
    );
    expect(harmed).toEqual([]);
    expect(jobIds.filter((jobId) => scene.installation.creates(jobId).length !== 1)).toEqual([]);
    const readings = results.map(({ taskId }) => readingsOf(taskId));
    expect(Math.max(...readings)).toBeLessThanOrEqual(MOST_READINGS);
    expect(await scene.installation.ledger.discrepancies()).toEqual([]);
  }, 180_000);
});
