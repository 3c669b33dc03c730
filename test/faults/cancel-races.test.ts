import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultRule } from '../../simulator/index.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import type { JobHandle } from '../../src/index.ts';
import { ANY_TIME } from '../installation/any-value.ts';
import type { AccountSettings } from '../installation/config-text.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import type { ReplyFate, ReplyGate } from '../installation/reply-gate.ts';
import { openReplyGate } from '../installation/reply-gate.ts';
import { until } from '../installation/until.ts';
import { pendingActivity, readHistory, workflowOf } from '../installation/workflow-of.ts';

const LOST: FaultRule['fault'] = { kind: 'drop_reply' };
const STUCK: FaultRule['fault'] = { kind: 'stuck_task' };
const DECISION = { author: 'mona', reason: 'second thoughts' };
const JOB_TIMEOUT_MS = 60_000;
const VIDEO = { model: 'wan2.6-t2v', durationSeconds: 3 };
const IMAGE = { model: 'gpt-image-2', size: '512x512' };

let installation: TestInstallation;
let gate: ReplyGate;

beforeAll(async () => {
  const port = await findFreePort('127.0.0.1');
  gate = await openReplyGate(port);
  const account = (
    provider: 'nexusflow' | 'dieyuyun',
    more: AccountSettings = {},
  ): AccountSettings => ({
    provider,
    baseUrl: `${gate.url}/${provider}`,
    timing: { submitTimeoutSeconds: 15 },
    ...more,
  });
  const listed = { exclusive: true, apiKey: { file: 'listed.key' } };
  installation = await openInstallation({
    simulator: { port },
    accounts: {
      nexusflow: account('nexusflow'),
      dieyuyun: account('dieyuyun'),
      listed: account('nexusflow', {
        ...listed,
        timing: { submitTimeoutSeconds: 1, settleSeconds: 2 },
      }),
      slow: account('nexusflow', { limits: { submitsPerMinute: 1 } }),
    },
  });
  await writeFile(join(installation.directory, 'listed.key'), 'key-of-listed');
  await installation.startWorker();
}, 60_000);

afterAll(async () => {
  await installation.close();
  await gate.close();
});

async function start(
  account: string,
  jobId: string,
  fault?: FaultRule['fault'],
): Promise<JobHandle> {
  if (fault !== undefined) {
    installation.simulator.addFaults([{ operation: 'create', match: jobId, fault }]);
  }
  const { model, ...facts } = account === 'dieyuyun' ? IMAGE : VIDEO;
  const request = { model: `${account}/${model}`, prompt: jobId, ...facts };
  return await installation.client.start(request, { jobId });
}

/** Cancels while the create's reply is under way. */
async function cancelDuringPost(
  account: string,
  jobId: string,
  fate: ReplyFate,
  fault?: FaultRule['fault'],
): Promise<JobHandle> {
  gate.hold(jobId);
  const job = await start(account, jobId, fault);
  await until('the reply', () => gate.isHolding(jobId));
  await job.cancel(DECISION);
  gate.release(jobId, fate);
  return job;
}

/** True where the outcome came from elsewhere than the submit step itself. */
async function wasReconciled(jobId: string): Promise<boolean> {
  const events = await readHistory(installation, jobId);
  return events.some(
    ({ activityTaskScheduledEventAttributes: activity }) =>
      activity?.activityType?.name === 'reconcile',
  );
}

async function kindsOf(jobId: string): Promise<readonly string[]> {
  return (await installation.ledger.entries(jobId)).map(({ kind }) => kind);
}

async function untilHeld(job: JobHandle): Promise<void> {
  await until('a hold', async () => (await job.state()).status === 'held');
}

describe('a job that is cancelled', () => {
  it.concurrent(
    'during the POST, whose task cannot be stopped, keeps what it bought: one create, one charge [F22]',
    async () => {
      const job = await cancelDuringPost('nexusflow', 'accepted', 'deliver');

      const result = await job.result();

      const [create, ...more] = installation.creates('accepted');
      expect(more).toEqual([]);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: create?.taskId,
        cost: { state: 'charged' },
        cancelRequestedAt: ANY_TIME,
      });
      expect(result.artifacts).toHaveLength(1);
      expect(await kindsOf('accepted')).toEqual(['reserve', 'charge']);
      expect(await wasReconciled('accepted')).toBe(false);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'during the POST, whose task can be stopped, has the provider stop it: one create [F22]',
    async () => {
      const job = await cancelDuringPost('dieyuyun', 'stoppable', 'deliver', STUCK);

      const result = await job.result();

      const [create, ...more] = installation.creates('stoppable');
      expect(more).toEqual([]);
      expect(result).toMatchObject({ status: 'cancelled', taskId: create?.taskId });
      const asked = installation.simulator
        .log()
        .filter(({ kind, taskId }) => kind === 'cancel' && taskId === create?.taskId);
      expect(asked).toHaveLength(1);
      expect(await wasReconciled('stoppable')).toBe(false);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'during a POST that is refused ends without a task and without a second POST [F22]',
    async () => {
      const refusal: FaultRule['fault'] = { kind: 'status', status: 429 };
      const job = await cancelDuringPost('nexusflow', 'refused', 'deliver', refusal);

      expect(await job.result()).toMatchObject({
        status: 'cancelled',
        submissions: 1,
        cost: { state: 'released' },
      });
      expect(installation.creates('refused')).toEqual([]);
      expect(installation.refusals('refused')).toHaveLength(1);
      expect(await kindsOf('refused')).toEqual(['reserve', 'release']);
      expect(await wasReconciled('refused')).toBe(false);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'during a POST whose reply is lost ends with its money unknown: one create, one place free [F22 C3]',
    async () => {
      const job = await cancelDuringPost('nexusflow', 'lost', 'drop');

      expect(await job.result()).toMatchObject({
        status: 'cancelled',
        taskId: null,
        submissions: 1,
        cost: { state: 'unknown' },
      });
      expect(installation.creates('lost')).toHaveLength(1);
      expect(await installation.ledger.submissions('lost')).toMatchObject([
        { state: 'unknown', endedAt: ANY_TIME },
      ]);
      expect(await kindsOf('lost')).toEqual(['reserve', 'unknown']);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'while it is reconciled keeps what reconcile finds: one create, one charge [F22 C3]',
    async () => {
      const job = await start('listed', 'reconciled', LOST);
      await until('reconcile', () => pendingActivity(installation, 'reconciled', 'reconcile'));

      await job.cancel(DECISION);
      const result = await job.result();

      const [create, ...more] = installation.creates('reconciled');
      expect(more).toEqual([]);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: create?.taskId,
        submissions: 1,
        cost: { state: 'charged' },
        cancelRequestedAt: ANY_TIME,
      });
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'while its submission is queued never sends it, and releases its money [F22]',
    async () => {
      await (await start('slow', 'first')).result();
      const job = await start('slow', 'queued');
      await until('the submit', () => pendingActivity(installation, 'queued', 'submit'));

      await job.cancel(DECISION);

      expect(await job.result()).toMatchObject({
        status: 'cancelled',
        cost: { state: 'released' },
      });
      expect(installation.creates('queued')).toEqual([]);
      expect(await kindsOf('queued')).toEqual(['reserve', 'release']);
      expect(await installation.ledger.placesTaken('slow')).toBe(0);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'by Temporal itself while it is held ends Canceled, with its money unknown [F22]',
    async () => {
      const job = await start('nexusflow', 'by-temporal', LOST);
      await untilHeld(job);

      await workflowOf(installation, 'by-temporal').cancel();

      expect(await job.result()).toMatchObject({ status: 'cancelled', cost: { state: 'unknown' } });
      const { status } = await workflowOf(installation, 'by-temporal').describe();
      expect(status.name).toBe('CANCELLED');
      expect(installation.creates('by-temporal')).toHaveLength(1);
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent.each(['resolved-first', 'cancelled-first'] as const)(
    'and resolved at once while it is held ends in one of the two ways, %s: one create [F22 F28]',
    async (jobId) => {
      const job = await start('nexusflow', jobId, LOST);
      await untilHeld(job);
      const taskId = installation.creates(jobId)[0]?.taskId ?? '';
      const steps = [
        () => job.resolve({ kind: 'adopt', taskId }, DECISION),
        () => job.cancel(DECISION),
      ];
      if (jobId === 'cancelled-first') steps.reverse();

      await Promise.allSettled(steps.map((step) => step()));
      const result = await job.result();

      const isAdopted = (await installation.ledger.decisions(jobId)).length > 0;
      expect(result).toMatchObject(
        isAdopted
          ? { status: 'succeeded', taskId, cost: { state: 'charged' } }
          : { status: 'cancelled', taskId: null, cost: { state: 'unknown' } },
      );
      expect(installation.creates(jobId)).toHaveLength(1);
    },
    JOB_TIMEOUT_MS,
  );
});
