import type { LogEntry } from '../../simulator/index.ts';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import type { JobHandle } from '../../src/client.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const URL_LIFE_SECONDS = 30;
const TASK_LIFE_SECONDS = 4;
/** How many transfers a worker takes at once. */
const SIDE_BY_SIDE = 8;
/** How long the addresses of one reading answer. */
const SIGNED_SECONDS = 3;

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    simulator: {
      durationsMs: { image: [200, 300], video: [200, 300] },
      signedUrlLifeMs: SIGNED_SECONDS * 1_000,
    },
    accounts: {
      urgent: { provider: 'nexusflow', timing: { urlLifeSeconds: URL_LIFE_SECONDS } },
      forgetful: { provider: 'nexusflow', timing: { taskLifeSeconds: TASK_LIFE_SECONDS } },
    },
  });
}, 60_000);

afterAll(() => installation.close());

const start = (account: string, prompt: string): Promise<JobHandle> =>
  installation.client.start({ model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 });

const fetches = (): readonly LogEntry[] =>
  installation.simulator.log().filter(({ kind }) => kind === 'file');

async function untilStoring(jobs: readonly JobHandle[]): Promise<readonly (string | null)[]> {
  const taskIds: (string | null)[] = [];
  for (const job of jobs) {
    const state = await until('the output to wait for its transfer', async () => {
      const shown = await job.state();
      return shown.status === 'storing' ? shown : undefined;
    });
    taskIds.push(state.taskId);
  }
  return taskIds;
}

/** Serves everything but transfers, until they are wanted. */
async function startWithoutTransfers(): Promise<readonly ChildCommand[]> {
  return await Promise.all([
    installation.startWorker({}, undefined, 'workflows'),
    installation.startWorker({}, undefined, 'provider'),
  ]);
}

it('[F12 F15] the URL that lives shortest is fetched first, however late its transfer was queued', async () => {
  const workers = await startWithoutTransfers();
  const old = await start('urgent', 'finished long ago');
  const [oldTask] = await untilStoring([old]);
  const bornAtMs = Date.now();
  const fresh = await Promise.all(
    Array.from({ length: 12 }, (_, index) => start('nexusflow', `finished just now ${index}`)),
  );
  await untilStoring(fresh);
  // Half of its life is over: its transfer is queued anew, behind all others but for its priority.
  await until('the transfer to be queued anew', () => Date.now() > bornAtMs + 14_000);

  const transfer = await installation.startWorker({}, undefined, 'transfer');
  const results = await Promise.all([old, ...fresh].map((job) => job.result()));
  for (const worker of [...workers, transfer]) await worker.kill();

  expect(results.map(({ status }) => status)).toEqual(results.map(() => 'succeeded'));
  const order = [...new Set(fetches().map(({ taskId }) => taskId))];
  expect(order.indexOf(oldTask ?? '')).toBeLessThan(SIDE_BY_SIDE);
}, 120_000);

it('[F12] a URL that died while no worker fetched it is asked for once more, and the fresh one is fetched', async () => {
  const workers = await startWithoutTransfers();
  const job = await start('nexusflow', 'its address dies');
  const [taskId] = await untilStoring([job]);
  const readsBefore = countReads(taskId);
  await until(
    'the address to die',
    () => Date.now() > Date.parse(endOf(taskId)) + SIGNED_SECONDS * 1_000 + 1_500,
  );

  const transfer = await installation.startWorker({}, undefined, 'transfer');
  const result = await job.result();
  for (const worker of [...workers, transfer]) await worker.kill();

  expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
  expect(countReads(taskId)).toBe(readsBefore + 1);
  const answers = fetches().filter((entry) => entry.taskId === taskId);
  expect(answers.map(({ status }) => status)).toEqual([404, 200]);
  expect(installation.creates('its address dies')).toHaveLength(1);
}, 60_000);

it('[F12 F26] a task that the provider forgets while the worker is away expires, its cost unknown, for everybody to see', async () => {
  const worker = await installation.startWorker();
  const prompt = 'forgotten';
  installation.simulator.addFaults([
    { operation: 'create', match: prompt, fault: { kind: 'stuck_task' } },
  ]);
  const job = await start('forgetful', prompt);
  await until('the task to be followed', async () => (await job.state()).taskId !== null);
  await worker.kill();
  installation.simulator.addFaults([
    { operation: 'read', match: prompt, times: 1_000, fault: { kind: 'expire_task' } },
  ]);
  const acceptedAtMs = Date.now();
  await until(
    'the task life to be over',
    () => Date.now() > acceptedAtMs + TASK_LIFE_SECONDS * 1_000,
  );

  const next = await installation.startWorker();
  const result = await job.result();
  await next.kill();

  expect(result).toMatchObject({
    status: 'expired',
    submissions: 1,
    error: { code: 'provider.task_expired' },
    cost: { state: 'unknown', micros: '270000' },
  });
  const description = await installation.access.temporal.workflow
    .getHandle(`job/${job.jobId}`)
    .describe();
  const attributes = description.typedSearchAttributes.getAll();
  expect(attributes.find(({ key }) => key.name === 'JobStatus')?.value).toBe('expired');
  const discrepancies = await installation.ledger.discrepancies(job.jobId);
  expect(discrepancies.map(({ kind }) => kind)).toContain('unproved_billing');
  expect(installation.creates(prompt)).toHaveLength(1);
}, 60_000);

function countReads(taskId: string | null | undefined): number {
  const isRead = (entry: LogEntry): boolean => entry.kind === 'read' && entry.taskId === taskId;
  return installation.simulator.log().filter(isRead).length;
}

function endOf(taskId: string | null | undefined): string {
  const end = installation.simulator
    .log()
    .find((entry) => entry.kind === 'end' && entry.taskId === taskId);
  return end?.at ?? new Date().toISOString();
}
