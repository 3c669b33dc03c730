import type { FaultRule } from '../../simulator/index.ts';
import type { JobState } from '../../src/core/job.ts';
import type { PolluxClient, TemporalAccess } from '../../src/index.ts';
import {
  connectTemporal,
  createClient,
  createInstallation,
  loadConfig,
  parseMediaRequest,
} from '../../src/index.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import { forgetWorkflow } from '../installation/workflow-of.ts';

const STARTS = 50;
const CLIENTS = 5;
const STUCK: FaultRule['fault'] = { kind: 'stuck_task' };

let installation: TestInstallation;
const connections: TemporalAccess[] = [];

beforeAll(async () => {
  installation = await openInstallation();
  await installation.startWorker();
}, 60_000);

afterAll(async () => {
  for (const connection of connections) await connection.close();
  await installation.close();
});

/** Clients as so many programs have them, each with a connection of its own. */
async function openClients(): Promise<readonly PolluxClient[]> {
  const config = loadConfig({ file: installation.configFile, environment: {} });
  const { accounts } = createInstallation(config);
  return await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const access = await connectTemporal(config);
      connections.push(access);
      return createClient({ temporal: access.temporal, accounts, parseRequest: parseMediaRequest });
    }),
  );
}

function toRequest(prompt: string): Parameters<PolluxClient['start']>[0] {
  return { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
}

async function endOf(jobId: string): Promise<JobState> {
  const job = installation.client.job(jobId);
  await until('the end', async () => (await job.state()).finishedAt !== null);
  return await job.state();
}

describe(`a job id that is started ${STARTS} times at once`, () => {
  it('by several programs is one job with one create, and all of them get its result [F23]', async () => {
    const prompt = 'wanted by everybody';
    const clients = await openClients();

    const jobs = await Promise.all(
      Array.from({ length: STARTS }, (_, index) => {
        const client = clients[index % CLIENTS] ?? installation.client;
        return client.start(toRequest(prompt), { jobId: 'shared' });
      }),
    );
    const results = await Promise.all(jobs.map((job) => job.result()));

    expect(installation.creates(prompt)).toHaveLength(1);
    const taskIds = new Set(results.map(({ taskId }) => taskId));
    expect(taskIds).toEqual(new Set([installation.creates(prompt)[0]?.taskId]));
    expect(results.map(({ status }) => status)).toEqual(Array(STARTS).fill('succeeded'));
    expect(await installation.ledger.submissions('shared')).toHaveLength(1);
  });

  it('with two requests is one job, and the other request is told of the conflict [F23]', async () => {
    const prompts = ['first come', 'second come'];
    const [first, second] = await openClients();

    const starts = await Promise.allSettled(
      Array.from({ length: STARTS }, (_, index) => {
        const client = (index % 2 === 0 ? first : second) ?? installation.client;
        return client.start(toRequest(prompts[index % 2] ?? ''), { jobId: 'contended' });
      }),
    );
    await installation.client.job('contended').result();

    const refusals = starts.filter((start) => start.status === 'rejected');
    expect(refusals).toHaveLength(STARTS / 2);
    for (const { reason } of refusals) expect(reason).toMatchObject({ code: 'request.conflict' });
    expect(prompts.flatMap((prompt) => installation.creates(prompt))).toHaveLength(1);
  });
});

describe('a job that Temporal has forgotten', () => {
  it('returns its recorded result when its id is started again: still one create and one charge [F23]', async () => {
    const prompt = 'made long ago';
    const before = await (
      await installation.client.start(toRequest(prompt), { jobId: 'forgotten' })
    ).result();
    await forgetWorkflow(installation, 'forgotten');
    const calls = installation.simulator.log().length;

    const again = await installation.client.start(toRequest(prompt), { jobId: 'forgotten' });
    const after = await again.result();

    expect(after).toEqual(before);
    expect(installation.creates(prompt)).toHaveLength(1);
    // The provider is not asked for anything again.
    expect(installation.simulator.log()).toHaveLength(calls);
    const entries = await installation.ledger.entries('forgotten');
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
  });

  it('refuses its id to another request, and its record stays as it was [F23]', async () => {
    const job = await installation.client.start(toRequest('the true one'), { jobId: 'guarded' });
    const before = await job.result();
    await forgetWorkflow(installation, 'guarded');

    const other = await installation.client.start(toRequest('another'), { jobId: 'guarded' });
    const refused = await other.result();

    expect(refused).toMatchObject({ status: 'failed', error: { code: 'request.conflict' } });
    expect(installation.creates('another')).toEqual([]);
    expect((await installation.ledger.job('guarded'))?.result).toEqual(before);
  });

  it('while its task runs follows the same task when its id is started again [F23 F24]', async () => {
    const prompt = 'forgotten on the way';
    installation.simulator.addFaults([{ operation: 'create', match: prompt, fault: STUCK }]);
    const job = await installation.client.start(toRequest(prompt), { jobId: 'midway' });
    await until('a reading', async () => (await job.state()).polls > 0);
    await forgetWorkflow(installation, 'midway');

    await installation.client.start(toRequest(prompt), { jobId: 'midway' });
    const [create, ...more] = installation.creates(prompt);
    const finish = `${installation.simulator.url}/admin/tasks/${create?.taskId ?? ''}/finish`;
    await fetch(finish, { method: 'POST' });

    expect(await endOf('midway')).toMatchObject({
      status: 'succeeded',
      taskId: create?.taskId,
      submissions: 1,
    });
    expect(more).toEqual([]);
    expect(installation.creates(prompt)).toHaveLength(1);
  });
});
