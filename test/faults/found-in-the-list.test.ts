import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultRule } from '../../simulator/index.ts';
import type { JobHandle } from '../../src/index.ts';
import type { AccountSettings } from '../installation/config-text.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { startVideo } from '../installation/start-video.ts';
import { until } from '../installation/until.ts';

const provider = 'nexusflow' as const;
const LOST: FaultRule['fault'] = { kind: 'drop_reply' };

let installation: TestInstallation;

/** Each account has a key, and so a user and a list, of its own. */
beforeAll(async () => {
  const account = (name: string, settings: AccountSettings = {}): [string, AccountSettings] => [
    name,
    { provider, exclusive: true, apiKey: { file: `${name}.key` }, ...settings },
  ];
  const accounts = Object.fromEntries([
    account('alone'),
    account('crowded'),
    account('shared', { exclusive: false }),
    account('late', { timing: { submitTimeoutSeconds: 1, listSettleSeconds: 60 } }),
  ]);
  installation = await openInstallation({ accounts });
  for (const name of Object.keys(accounts)) {
    await writeFile(join(installation.directory, `${name}.key`), `key-of-${name}`);
  }
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

const start = (account: string, prompt: string, fault?: FaultRule['fault']): Promise<JobHandle> =>
  startVideo(installation, { account, prompt, fault });

describe('a task whose reply was lost', () => {
  it('is found by its position in the list of an exclusive realm and adopted, with one create', async () => {
    await (await start('alone', 'an ordinary one')).result();
    const job = await start('alone', 'lost and listed', LOST);

    const result = await job.result();

    const [create] = installation.creates('lost and listed');
    expect(result).toMatchObject({
      status: 'succeeded',
      taskId: create?.taskId,
      submissions: 1,
      cost: { state: 'charged' },
    });
    expect(installation.creates('lost and listed')).toHaveLength(1);
    expect(await installation.ledger.submissions(job.jobId)).toMatchObject([
      { state: 'accepted', source: 'list' },
    ]);
  });

  it('and of another with it are never mixed up: both jobs are held and shown their candidates', async () => {
    const jobs = [
      await start('crowded', 'first of two', LOST),
      await start('crowded', 'second of two', LOST),
    ];
    for (const job of jobs) {
      await until('a hold', async () => (await job.state()).status === 'held');
    }

    const ids = ['first of two', 'second of two'].map(
      (prompt) => installation.creates(prompt)[0]?.taskId,
    );
    for (const [index, job] of jobs.entries()) {
      const { hold } = await job.state();
      const candidates = hold?.evidence['candidates'] as readonly { readonly taskId: string }[];
      // The one that was armed later may know the first one's task already, as its position.
      expect(candidates.map(({ taskId }) => taskId)).toContain(ids[index]);
    }
    const [first, second] = jobs;
    await first?.resolve(
      { kind: 'adopt', taskId: ids[0] ?? '' },
      { author: 'test', reason: 'the first one' },
    );
    expect(await first?.result()).toMatchObject({ status: 'succeeded', taskId: ids[0] });
    await second?.poll();
    expect(await second?.result()).toMatchObject({ status: 'succeeded', taskId: ids[1] });
  });

  it('is shown, not taken, in a realm that others use, too', async () => {
    const job = await start('shared', 'lost in a crowd', LOST);
    await until('a hold', async () => (await job.state()).status === 'held');

    const [create] = installation.creates('lost in a crowd');
    expect((await job.state()).hold?.evidence).toMatchObject({
      candidates: [{ taskId: create?.taskId }],
    });
    expect(await installation.ledger.submissions(job.jobId)).toMatchObject([{ state: 'unknown' }]);
  });

  it('and was accepted long after the POST had timed out is found all the same', async () => {
    const prompt = 'accepted late';
    const job = await start('late', prompt, { kind: 'accept_late', delayMs: 6_000 });

    const result = await job.result();

    expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
    expect(installation.creates(prompt)).toHaveLength(1);
    expect(result.taskId).toBe(installation.creates(prompt)[0]?.taskId);
  });
});
