import type { FaultRule } from '../../simulator/index.ts';
import type { JobHandle } from '../../src/index.ts';
import { ANY_TEXT } from '../installation/any-value.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { startVideo } from '../installation/start-video.ts';
import { until } from '../installation/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  const provider = 'nexusflow';
  installation = await openInstallation({
    accounts: {
      narrow: { provider, limits: { concurrentTasks: 1 } },
      failing: { provider, onUnknown: 'fail' },
      hasty: { provider, timing: { submitTimeoutSeconds: 0.5 } },
    },
  });
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

const start = (account: string, prompt: string, fault?: FaultRule['fault']): Promise<JobHandle> =>
  startVideo(installation, { account, prompt, fault });

async function untilHeld(job: JobHandle): Promise<void> {
  await until('a hold', async () => (await job.state()).status === 'held');
}

const LOST_REPLIES: readonly (readonly [string, string, FaultRule['fault']])[] = [
  ['whose connection is cut', 'nexusflow', { kind: 'drop_reply' }],
  ['that is a page of some proxy', 'nexusflow', { kind: 'html', accepted: true }],
  ['that is a 500', 'nexusflow', { kind: 'status', status: 500, accepted: true }],
  ['that comes after the deadline', 'hasty', { kind: 'slow', ms: 5_000 }],
];

describe('the reply to an accepted create', () => {
  it.each(LOST_REPLIES)(
    '%s leaves a held job and is never asked for by a second create',
    async (what, account, fault) => {
      const prompt = `a reply ${what}`;
      const job = await start(account, prompt, fault);
      await untilHeld(job);

      const state = await job.state();

      expect(state).toMatchObject({
        taskId: null,
        submissions: 1,
        cost: { micros: '270000', state: 'unknown' },
        hold: {
          reason: 'submit_unknown',
          number: 1,
          evidence: { reason: ANY_TEXT, worker: ANY_TEXT },
        },
      });
      expect(installation.creates(prompt)).toHaveLength(1);
      expect(await installation.ledger.submissions(job.jobId)).toMatchObject([
        { number: 1, state: 'unknown', endedAt: null },
      ]);
    },
  );

  it('that was lost stays lost however often somebody asks, and its place stays taken until the job is cancelled', async () => {
    const { ledger } = installation;
    const prompt = 'a reply that is asked for again';
    const job = await start('narrow', prompt, { kind: 'drop_reply' });
    await untilHeld(job);
    const next = await start('narrow', 'the next in line');

    await job.poll();
    await job.poll();
    await until('the next job to wait', async () => (await next.state()).status === 'opening');

    expect(await job.state()).toMatchObject({ status: 'held', submissions: 1 });
    expect(installation.creates(prompt)).toHaveLength(1);
    expect(installation.creates('the next in line')).toEqual([]);
    expect(await ledger.placesTaken('narrow')).toBe(1);

    await job.cancel({ author: 'test', reason: 'no task at the provider' });
    const result = await job.result();
    const nextResult = await next.result();

    expect(result).toMatchObject({
      status: 'cancelled',
      taskId: null,
      submissions: 1,
      hold: null,
      cost: { micros: '270000', state: 'unknown' },
    });
    expect(nextResult.status).toBe('succeeded');
    expect(installation.creates(prompt)).toHaveLength(1);
    expect(await ledger.submissions(job.jobId)).toMatchObject([
      { state: 'unknown', endedAt: ANY_TEXT },
    ]);
    const entries = await ledger.entries(job.jobId);
    expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'unknown']);
  });

  it('that was lost ends the job where the account says so, its money unknown', async () => {
    const prompt = 'a reply that fails the job';
    const job = await start('failing', prompt, { kind: 'drop_reply' });

    const result = await job.result();

    expect(result).toMatchObject({
      status: 'failed',
      submissions: 1,
      cost: { micros: '270000', state: 'unknown' },
      error: { code: 'provider.submit_unknown', details: { number: 1 } },
    });
    expect(installation.creates(prompt)).toHaveLength(1);
  });

  it('that never began, because the connection was reset before any work, is unknown all the same', async () => {
    const prompt = 'a create that vanished';
    const job = await start('nexusflow', prompt, { kind: 'reset_before' });

    await untilHeld(job);

    expect(await job.state()).toMatchObject({ submissions: 1, hold: { reason: 'submit_unknown' } });
    expect(installation.creates(prompt)).toEqual([]);
    expect(installation.refusals(prompt)).toHaveLength(1);
  });
});
