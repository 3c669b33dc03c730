import { startSimulator } from '../../simulator/index.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import type { JobHandle } from '../../src/index.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';

const RETRY_AFTER_SECONDS = 3;
const GIVE_UP_SECONDS = 3;
const MODEL = 'wan2.6-t2v';

let installation: TestInstallation;
let latePort: number;

beforeAll(async () => {
  const deadPort = await findFreePort('127.0.0.1');
  latePort = await findFreePort('127.0.0.1');
  installation = await openInstallation({
    accounts: {
      late: { provider: 'nexusflow', baseUrl: `http://127.0.0.1:${latePort}/nexusflow` },
      dead: {
        provider: 'nexusflow',
        baseUrl: `http://127.0.0.1:${deadPort}/nexusflow`,
        timing: { giveUpSeconds: GIVE_UP_SECONDS },
      },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

async function start(account: string, prompt: string): Promise<JobHandle> {
  return await installation.client.start({
    model: `${account}/${MODEL}`,
    prompt,
    durationSeconds: 3,
  });
}

describe('a create that was proved not accepted', () => {
  it('is repeated after the Retry-After of a 429, and accepted once', async () => {
    const prompt = 'too many at once';
    const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
    installation.simulator.addFaults([
      { operation: 'create', match: prompt, fault: { kind: 'status', status: 429, headers } },
    ]);
    const job = await start('nexusflow', prompt);

    const result = await job.result();

    expect(result).toMatchObject({ status: 'succeeded', submissions: 2 });
    const [refusal] = installation.refusals(prompt);
    const [create, ...more] = installation.creates(prompt);
    expect(refusal?.status).toBe(429);
    expect(more).toEqual([]);
    expect(Date.parse(create?.at ?? '') - Date.parse(refusal?.at ?? '')).toBeGreaterThanOrEqual(
      RETRY_AFTER_SECONDS * 1000,
    );
    expect(await installation.ledger.submissions(job.jobId)).toMatchObject([
      { number: 1, state: 'rejected', error: { code: 'provider.rate_limited' } },
      { number: 2, state: 'accepted', endedReason: 'succeeded' },
    ]);
    const entries = await installation.ledger.entries(job.jobId);
    expect(entries.filter(({ kind }) => kind === 'charge')).toHaveLength(1);
  });

  it('is repeated while the provider refuses connections, and accepted once it is there', async () => {
    const prompt = 'the provider comes late';
    const job = await start('late', prompt);
    await until('a refused connection', async () => {
      const [first] = await installation.ledger.submissions(job.jobId);
      return first?.state === 'rejected';
    });
    const late = await startSimulator({ port: latePort, durationsMs: { video: [200, 300] } });
    try {
      const result = await job.result();

      expect(result).toMatchObject({ status: 'succeeded', cost: { state: 'charged' } });
      expect(result.submissions).toBeGreaterThan(1);
      expect(late.log().filter(({ kind }) => kind === 'create')).toHaveLength(1);
      expect(await installation.ledger.submissions(job.jobId)).toMatchObject([
        { state: 'rejected', error: { details: { reason: 'not_sent' } } },
        ...Array.from({ length: result.submissions - 1 }, () => ({})),
      ]);
    } finally {
      await late.close();
    }
  });

  it('is given up when the job’s time is over, and costs nothing', async () => {
    const job = await start('dead', 'nobody is there');

    const result = await job.result();

    expect(result).toMatchObject({
      status: 'failed',
      taskId: null,
      artifacts: [],
      cost: { micros: '0', state: 'released' },
      error: { code: 'request.gave_up', details: { giveUpSeconds: GIVE_UP_SECONDS } },
    });
    expect(result.submissions).toBeGreaterThan(1);
    expect(result.error?.message).toContain('nothing was sent');
    expect(await installation.ledger.placesTaken('dead')).toBe(0);
    const totals = await installation.ledger.totals({ account: 'dead' });
    expect(totals).toMatchObject([{ charged: '0', reserved: '0', unknown: '0' }]);
  });
});
