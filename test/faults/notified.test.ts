import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultRule } from '../../simulator/index.ts';
import type { JobHandle } from '../../src/index.ts';
import { providerNotified } from '../../src/workflows/messages.ts';
import type { ProviderNotification } from '../../src/workflows/messages.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { until } from '../installation/until.ts';
import { pendingActivity, readHistory, workflowOf } from '../installation/workflow-of.ts';

const LOST: FaultRule['fault'] = { kind: 'drop_reply' };
const STUCK: FaultRule['fault'] = { kind: 'stuck_task' };
const DECISION = { author: 'mona', reason: 'looked at the dashboard' };

let installation: TestInstallation;

/** `stranger` has another key, and so tasks that nobody else can read; `other` has the same key in another realm. */
beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      stranger: { provider: 'nexusflow', apiKey: { file: 'stranger.key' } },
      other: { provider: 'nexusflow' },
    },
  });
  await writeFile(join(installation.directory, 'stranger.key'), 'key-of-a-stranger');
  await installation.startWorker();
}, 60_000);

afterAll(() => installation.close());

async function start(
  jobId: string,
  faults: readonly FaultRule['fault'][] = [],
  account = 'nexusflow',
): Promise<JobHandle> {
  installation.simulator.addFaults(
    faults.map((fault) => ({ operation: 'create', match: jobId, fault })),
  );
  const request = { model: `${account}/wan2.6-t2v`, prompt: jobId, durationSeconds: 3 };
  return await installation.client.start(request, { jobId });
}

async function startHeld(
  jobId: string,
  ...more: readonly FaultRule['fault'][]
): Promise<JobHandle> {
  const job = await start(jobId, [LOST, ...more]);
  await untilHeld(job);
  return job;
}

async function untilHeld(job: JobHandle): Promise<void> {
  await until('a hold', async () => (await job.state()).status === 'held');
}

/** As the receiver of callbacks does once it has checked the token. */
async function notify(jobId: string, notification: ProviderNotification): Promise<void> {
  await workflowOf(installation, jobId).signal(providerNotified, notification);
}

/** Resolves once the job has looked into what it was told, and is held all the same. */
async function untilLookedInto({ jobId }: JobHandle): Promise<void> {
  const reconciled = async (): Promise<number> => {
    const events = await readHistory(installation, jobId);
    return events.filter(
      ({ activityTaskScheduledEventAttributes: activity }) =>
        activity?.activityType?.name === 'reconcile',
    ).length;
  };
  await until('a look', async () => {
    const isLooking = await pendingActivity(installation, jobId, 'reconcile');
    return isLooking === undefined && (await reconciled()) > 1;
  });
  await untilHeld(installation.client.job(jobId));
}

function taskOf(prompt: string): string {
  return installation.creates(prompt)[0]?.taskId ?? '';
}

describe('a notification for a held job', () => {
  it('that names its task has it read and adopted: one create [C3 F16]', async () => {
    const job = await startHeld('told');

    await notify('told', { number: 1, taskId: taskOf('told') });

    expect(await job.result()).toMatchObject({
      status: 'succeeded',
      taskId: taskOf('told'),
      submissions: 1,
      cost: { state: 'charged' },
    });
    expect(installation.creates('told')).toHaveLength(1);
    expect(await installation.ledger.submissions('told')).toMatchObject([
      { state: 'accepted', source: 'callback' },
    ]);
  });

  it('that comes ten times is one adoption and one charge [F16]', async () => {
    const job = await startHeld('told-often');
    const taskId = taskOf('told-often');

    await Promise.all(
      Array.from({ length: 10 }, () => notify('told-often', { number: 1, taskId })),
    );

    expect(await job.result()).toMatchObject({ status: 'succeeded', taskId, submissions: 1 });
    expect(installation.creates('told-often')).toHaveLength(1);
    const entries = await installation.ledger.entries('told-often');
    expect(entries.filter(({ kind }) => kind === 'charge')).toHaveLength(1);
  });

  it('that names no task the provider knows changes nothing [F16]', async () => {
    const job = await startHeld('misled');

    await notify('misled', { number: 1, taskId: 'task_nobody_knows' });
    await untilLookedInto(job);

    expect(await job.state()).toMatchObject({ status: 'held', taskId: null, submissions: 1 });
    await job.resolve({ kind: 'adopt', taskId: taskOf('misled') }, DECISION);
    expect(await job.result()).toMatchObject({ status: 'succeeded', taskId: taskOf('misled') });
  });

  it('that names a task of another user changes nothing: the job’s own key cannot read it [F16]', async () => {
    await (await start('foreign', [], 'stranger')).result();
    const job = await startHeld('tempted');

    await notify('tempted', { number: 1, taskId: taskOf('foreign') });
    await untilLookedInto(job);

    expect(await job.state()).toMatchObject({ status: 'held', taskId: null });
  });

  it('that names another job’s task changes neither job [F16]', async () => {
    const owner = await start('owner');
    await owner.result();
    const job = await startHeld('envious');

    await notify('envious', { number: 1, taskId: taskOf('owner') });
    await untilLookedInto(job);

    expect(await job.state()).toMatchObject({ status: 'held', taskId: null });
    expect(await installation.ledger.submissions('owner')).toMatchObject([
      { state: 'accepted', taskId: taskOf('owner'), source: 'reply' },
    ]);
  });

  it('that names a task of another model changes nothing, and nobody can adopt it [F16]', async () => {
    const other = await installation.client.start(
      { model: 'other/happyhorse-1.0-t2v', prompt: 'of another model', durationSeconds: 3 },
      { jobId: 'of-another-model' },
    );
    await other.result();
    const taskId = taskOf('of another model');
    const job = await startHeld('mistaken');

    await notify('mistaken', { number: 1, taskId });
    await untilLookedInto(job);

    expect(await job.state()).toMatchObject({ status: 'held', taskId: null });
    await expect(job.resolve({ kind: 'adopt', taskId }, DECISION)).rejects.toThrow(
      /happyhorse-1\.0-t2v/,
    );
  });

  it.each([
    ['is no object', 'odd-text', 'task'],
    ['has a number that is none', 'odd-number', { number: 'one', taskId: 7 }],
    ['is for a number that is not there yet', 'odd-future', { number: 9, taskId: 'task_x' }],
    ['has a task id of a megabyte', 'odd-size', { number: 1, taskId: 'x'.repeat(1_000_000) }],
  ])('that %s changes nothing, and the job can be resolved [F16]', async (_what, jobId, odd) => {
    const job = await startHeld(jobId);

    await notify(jobId, odd as ProviderNotification);
    await untilLookedInto(job);

    expect(await job.state()).toMatchObject({ status: 'held', taskId: null });
    await job.resolve({ kind: 'adopt', taskId: taskOf(jobId) }, DECISION);
    expect(await job.result()).toMatchObject({ status: 'succeeded', taskId: taskOf(jobId) });
  });
});

describe('a notification for an earlier submission', () => {
  it('records its task as an orphan, and the job keeps the later one [C3 F16]', async () => {
    const job = await startHeld('twice', STUCK);
    await job.resolve({ kind: 'resubmit' }, DECISION);
    await until('the second task', async () => (await job.state()).taskId !== null);
    const [first, second, ...more] = installation.creates('twice');

    await notify('twice', { number: 1, taskId: first?.taskId ?? '' });
    const orphans = await until('the orphan', async () => {
      const found = await installation.ledger.orphans('nexusflow');
      return found.length > 0 && found;
    });
    const finish = `${installation.simulator.url}/admin/tasks/${second?.taskId ?? ''}/finish`;
    await fetch(finish, { method: 'POST' });

    expect(more).toEqual([]);
    expect(orphans).toMatchObject([
      { taskId: first?.taskId, submission: { jobId: 'twice', number: 1 } },
    ]);
    expect(await job.result()).toMatchObject({
      status: 'succeeded',
      taskId: second?.taskId,
      submissions: 2,
    });
  });
});
