import { setTimeout as delay } from 'node:timers/promises';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import type { JobHandle } from '../../src/index.ts';
import type { CommandEnd } from '../installation/command.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const AWAY_MS = 6_000;
/** Each waits in its own way when the server dies. */
const ACCOUNTS = ['reading', 'timer', 'place'] as const;

let installation: TestInstallation;
let worker: ChildCommand;
let readyOutput = '';
const jobs: { readonly prompt: string; readonly job: JobHandle }[] = [];
let run: CommandEnd;

beforeAll(async () => {
  const provider = 'nexusflow';
  installation = await openInstallation({
    isDurable: true,
    simulator: { durationsMs: { video: [2_500, 3_000] } },
    accounts: {
      reading: { provider, timing: { minPollSeconds: 1, maxPollSeconds: 1 } },
      timer: { provider, timing: { firstPollSeconds: 4 } },
      place: { provider, limits: { concurrentTasks: 1 } },
    },
  });
  const { client } = installation;
  worker = await installation.startWorker();
  readyOutput = worker.output();
  for (const account of [...ACCOUNTS, 'place'] as const) {
    const prompt = `through the outage, ${jobs.length} ${account}`;
    const request = { model: `${account}/wan2.6-t2v`, prompt, durationSeconds: 3 };
    jobs.push({ prompt, job: await client.start(request) });
  }
  const command = installation.begin(
    ...['run', 'reading/wan2.6-t2v', '--prompt', 'watched through the outage'],
    ...['--duration-seconds', '3', '--json'],
  );
  await command.said('started');
  for (const { job } of jobs.slice(0, ACCOUNTS.length)) {
    await until('a task', async () => (await job.state()).taskId !== null);
  }
  await until('a task', () => installation.creates('watched through the outage').length > 0);

  await installation.killServer();
  await delay(AWAY_MS);
  await installation.startServer();
  run = await command.ended;
}, 90_000);

afterAll(() => installation.close());

describe('a Temporal server that is killed and restarted on its file', () => {
  it.each([
    ['a task is read', 0],
    ['a timer runs', 1],
    ['a task is to end', 2],
    ['a place is taken', 3],
  ] as const)(
    'delays a job that waits while %s, which then ends after one create',
    async (_what, index) => {
      const { job, prompt } = jobs[index]!;

      const result = await job.result();

      expect(result).toMatchObject({ status: 'succeeded', cost: { state: 'charged' } });
      expect(result.artifacts).toHaveLength(1);
      expect(installation.creates(prompt)).toHaveLength(1);
    },
    60_000,
  );

  it('does not end a `pollux run` that watches a job', () => {
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(installation.creates('watched through the outage')).toHaveLength(1);
  });

  it('is told by the worker in one line when it goes and one when it is back', async () => {
    await until('the line', () => worker.output().includes('Temporal is back'));

    const lines = worker.output().slice(readyOutput.length).trim().split('\n');

    expect(lines).toEqual([
      expect.stringContaining('Temporal is away'),
      expect.stringContaining('Temporal is back'),
    ]);
  });
});
