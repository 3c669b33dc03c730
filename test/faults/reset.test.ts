import type { FaultRule } from '../../simulator/index.ts';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import type { JobHandle } from '../../src/index.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { startVideo } from '../installation/start-video.ts';
import { writePartConfig } from '../installation/part-config.ts';
import type { ReplyGate } from '../installation/reply-gate.ts';
import { openReplyGate } from '../installation/reply-gate.ts';
import { until } from '../installation/until.ts';
import type { EventId, HistoryEvent } from '../installation/workflow-of.ts';
import {
  allowAttempts,
  pendingActivity,
  readHistory,
  resetActivity,
  resetWorkflow,
} from '../installation/workflow-of.ts';

const LOST: FaultRule['fault'] = { kind: 'drop_reply' };
const STUCK: FaultRule['fault'] = { kind: 'stuck_task' };
const JOB_TIMEOUT_MS = 60_000;

let installation: TestInstallation;
let gate: ReplyGate;
/** Serves the account `retried` alone. */
let doomed: ChildCommand;

beforeAll(async () => {
  const port = await findFreePort('127.0.0.1');
  gate = await openReplyGate(port);
  const baseUrl = `${gate.url}/nexusflow`;
  const provider = 'nexusflow' as const;
  installation = await openInstallation({
    simulator: { port },
    accounts: {
      nexusflow: { provider, baseUrl, timing: { submitTimeoutSeconds: 15 } },
      retried: { provider, baseUrl, timing: { submitTimeoutSeconds: 1 } },
      queued: { provider, baseUrl },
    },
  });
  const serve = async (account: string): Promise<ChildCommand> =>
    installation.startWorker({}, await writePartConfig(installation, [account]), 'provider');
  [doomed] = await Promise.all([
    serve('retried'),
    serve('nexusflow'),
    installation.startWorker({}, installation.configFile, 'workflows'),
    installation.startWorker({}, installation.configFile, 'transfer'),
  ]);
}, 60_000);

afterAll(async () => {
  await installation.close();
  await gate.close();
});

const start = (account: string, jobId: string, fault?: FaultRule['fault']): Promise<JobHandle> =>
  startVideo(installation, { account, prompt: jobId, jobId, fault });

async function startWithReplyHeld(account: string, jobId: string): Promise<JobHandle> {
  gate.hold(jobId);
  const job = await start(account, jobId);
  await until('the create', () => gate.isHolding(jobId));
  return job;
}

function taskOf(prompt: string): string {
  return installation.creates(prompt)[0]?.taskId ?? '';
}

/** Where a job stands when its workflow is reset, and what must then happen from outside for it to end. */
interface Standing {
  readonly reach: (jobId: string) => Promise<JobHandle>;
  readonly help: (job: JobHandle) => Promise<void>;
}

const STANDINGS: Readonly<Record<string, Standing>> = {
  'waits for its reply': {
    reach: (jobId) => startWithReplyHeld('nexusflow', jobId),
    help: async ({ jobId }) => gate.release(jobId, 'deliver'),
  },
  'follows its task': {
    reach: async (jobId) => {
      const job = await start('nexusflow', jobId, STUCK);
      await until('a reading', async () => (await job.state()).polls > 0);
      return job;
    },
    help: async ({ jobId }) => {
      const finish = `${installation.simulator.url}/admin/tasks/${taskOf(jobId)}/finish`;
      await fetch(finish, { method: 'POST' });
    },
  },
  'is held': {
    reach: async (jobId) => {
      const job = await start('nexusflow', jobId, LOST);
      await untilHeld(job);
      return job;
    },
    help: async (job) => {
      await untilHeld(job);
      const decision = { author: 'mona', reason: 'found in the dashboard' };
      await job.resolve({ kind: 'adopt', taskId: taskOf(job.jobId) }, decision);
    },
  },
  'has ended': {
    reach: async (jobId) => {
      const job = await start('nexusflow', jobId);
      await job.result();
      return job;
    },
    help: () => Promise.resolve(),
  },
};

async function untilHeld(job: JobHandle): Promise<void> {
  await until('a hold', async () => (await job.state()).status === 'held');
}

/** The end of the workflow task that a reset goes back to. */
const POINTS: Readonly<Record<string, (events: readonly HistoryEvent[]) => EventId | null>> = {
  'its first workflow task': (events) => {
    const first = events.find(({ workflowTaskCompletedEventAttributes: task }) => task != null);
    return first?.eventId ?? null;
  },
  'the task before its submit': (events) => {
    const scheduled = events
      .map(({ activityTaskScheduledEventAttributes: activity }) => activity)
      .find((activity) => activity?.activityType?.name === 'submit');
    return scheduled?.workflowTaskCompletedEventId ?? null;
  },
};

describe('a submit activity that is reset', () => {
  it.concurrent(
    'with more attempts than it had, and whose worker dies, runs again and sends nothing [2.4 C3]',
    async () => {
      const job = await startWithReplyHeld('retried', 'retried');
      const running = await until('the activity', () =>
        pendingActivity(installation, 'retried', 'submit'),
      );
      await allowAttempts(installation, 'retried', running, 5);
      await resetActivity(installation, 'retried', running);
      await doomed.kill();
      const config = await writePartConfig(installation, ['retried']);
      await installation.startWorker({}, config, 'provider');

      await until('a hold', async () => (await job.state()).status === 'held', JOB_TIMEOUT_MS);
      const attempts = (await readHistory(installation, 'retried')).map(
        ({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? 0,
      );
      expect(Math.max(...attempts)).toBeGreaterThan(1);
      expect(installation.creates('retried')).toHaveLength(1);
      expect(await job.state()).toMatchObject({ submissions: 1, hold: { number: 1 } });

      const decision = { author: 'mona', reason: 'found in the dashboard' };
      await job.resolve({ kind: 'adopt', taskId: taskOf('retried') }, decision);
      expect((await job.result()).status).toBe('succeeded');
    },
    JOB_TIMEOUT_MS,
  );

  it.concurrent(
    'while it is queued is sent once [2.4]',
    async () => {
      const job = await start('queued', 'queued');
      const queued = await until('the activity', () =>
        pendingActivity(installation, 'queued', 'submit'),
      );

      await resetActivity(installation, 'queued', queued);
      await resetActivity(installation, 'queued', queued);
      const config = await writePartConfig(installation, ['queued']);
      await installation.startWorker({}, config, 'provider');

      expect(await job.result()).toMatchObject({ status: 'succeeded', submissions: 1 });
      expect(installation.creates('queued')).toHaveLength(1);
    },
    JOB_TIMEOUT_MS,
  );
});

const CASES = Object.entries(POINTS).flatMap(([point, findEvent]) =>
  Object.entries(STANDINGS).map(
    ([standing, steps]) => [point, standing, findEvent, steps] as const,
  ),
);

describe('a workflow that is reset to', () => {
  it.concurrent.each(CASES)(
    '%s while its job %s buys nothing, and its job ends as it would have [2.4]',
    async (point, standing, findEvent, { reach, help }) => {
      const jobId = `${point} ${standing}`.replaceAll(' ', '-');
      const job = await reach(jobId);

      const eventId = findEvent(await readHistory(installation, jobId));
      if (eventId === null) throw new Error(`the history of ${jobId} does not reach ${point}`);
      await resetWorkflow(installation, jobId, eventId);
      await help(job);
      const result = await job.result();

      expect(installation.creates(jobId)).toHaveLength(1);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: taskOf(jobId),
        submissions: 1,
        cost: { micros: '270000', state: 'charged' },
      });
      expect(result.artifacts).toHaveLength(1);
      const entries = await installation.ledger.entries(jobId);
      expect(entries.filter(({ kind }) => kind === 'charge')).toHaveLength(1);
    },
    JOB_TIMEOUT_MS,
  );
});
