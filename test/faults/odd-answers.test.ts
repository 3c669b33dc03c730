import type { FaultRule } from '../../simulator/index.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    simulator: { durationsMs: { video: [1_000, 1_200] } },
    accounts: { slow: { provider: 'nexusflow', timing: { firstPollSeconds: 1 } } },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

/** What is answered, and how many readings pass before. */
const ODD_READINGS: readonly (readonly [string, FaultRule['fault'], number])[] = [
  ['a refused key', { kind: 'status', status: 401 }, 1],
  ['a page instead of JSON', { kind: 'html' }, 0],
  ['a proxy’s page with status 502', { kind: 'html', status: 502 }, 0],
  ['that the task is not known right after its create', { kind: 'not_found' }, 0],
  ['too many requests', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }, 0],
  ['nothing, the connection is reset', { kind: 'reset_before' }, 0],
  ['JSON of another kind', { kind: 'status', status: 200, body: { hello: 'world' } }, 0],
];

describe('a task that is running is followed on when a reading answers', () => {
  it.each(ODD_READINGS)('%s', async (what, fault, after) => {
    const prompt = `a reading answers ${what}`;
    installation.simulator.addFaults([
      { operation: 'read', match: prompt, times: 2, after, fault },
    ]);
    const request = { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
    const job = await installation.client.start(request);

    const result = await job.result();

    expect(result).toMatchObject({
      status: 'succeeded',
      submissions: 1,
      hold: null,
      cost: { state: 'charged' },
    });
    expect(result.polls).toBeGreaterThan(2 + after);
    expect(result.artifacts).toHaveLength(1);
    expect(installation.creates(prompt)).toHaveLength(1);
  });

  it('a status that no document names', async () => {
    const prompt = 'a task that dreams';
    const request = { model: 'slow/wan2.6-t2v', prompt, durationSeconds: 3 };
    const job = await installation.client.start(request);
    const create = await until('the create', () => installation.creates(prompt)[0]);
    const body = { id: create.taskId, object: 'task', status: 'dreaming', progress: 12 };
    installation.simulator.addFaults([
      { operation: 'read', match: prompt, times: 2, fault: { kind: 'status', status: 200, body } },
    ]);

    const result = await job.result();

    expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(result.polls).toBeGreaterThan(2);
    expect(installation.creates(prompt)).toHaveLength(1);
  });

  it('that the key is wrong, until the right one is back in its file', async () => {
    const prompt = 'a key that is wrong for a while';
    installation.simulator.addFaults([
      { operation: 'create', match: prompt, fault: { kind: 'stuck_task' } },
    ]);
    const request = { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
    const job = await installation.client.start(request);
    const create = await until('the create', () => installation.creates(prompt)[0]);
    const polledSince = async (polls: number): Promise<number | undefined> => {
      const state = await job.state();
      return state.polls >= polls ? state.polls : undefined;
    };
    const before = await until('a reading', () => polledSince(1));
    await installation.writeKey('wrong-key');
    const during = await until('refused readings', () => polledSince(before + 3));
    const { status, hold } = await job.state();
    const finish = `${installation.simulator.url}/admin/tasks/${create.taskId ?? ''}/finish`;
    await fetch(finish, { method: 'POST' });
    await installation.writeKey('simulated');

    const result = await job.result();

    expect({ status, hold }).toEqual({ status: 'running', hold: null });
    expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(result.polls).toBeGreaterThan(during);
    expect(installation.creates(prompt)).toHaveLength(1);
  });
});
