import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultRule } from '../../simulator/index.ts';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import { toWorkflowId } from '../../src/core/keys.ts';
import type { JobHandle } from '../../src/index.ts';
import type { Failpoint } from '../crash/activity-process.ts';
import type { AccountSettings } from '../installation/config-text.ts';
import { untilStopped, withFailpoints } from '../installation/failpoints.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { writePartConfig } from '../installation/part-config.ts';
import type { Relay } from '../installation/relay.ts';
import { openRelay } from '../installation/relay.ts';
import { until } from '../installation/until.ts';

/** One account, one job and one worker for each moment at which the worker freezes. */
const FROZEN = {
  checking: '^before sql select "submissions"."number" from "submissions" inner join "jobs"',
  sending: '^before http send POST',
  posted: '^after http send POST',
  replied: '^after http reply POST',
  overtaken: '^after http reply POST',
} as const;
type Moment = keyof typeof FROZEN;
const MOMENTS = Object.keys(FROZEN) as readonly Moment[];

/** Start-to-close is twenty seconds more. */
const SUBMIT_TIMEOUT_SECONDS = 1;
const STUCK: FaultRule['fault'] = { kind: 'stuck_task' };

let installation: TestInstallation;
let relay: Relay;
/** What each job was when its frozen worker woke. */
const statusAtWaking = new Map<Moment, string>();

/** Five workers freeze in the middle of a submission, are given up, and wake. */
beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      checking: settingsOf('checking', 1),
      sending: settingsOf('sending', 120, { exclusive: true }),
      posted: settingsOf('posted', 1),
      replied: settingsOf('replied', 1),
      overtaken: settingsOf('overtaken', 1, { onUnknown: 'resubmit', maxResubmits: 1 }),
    },
  });
  for (const moment of MOMENTS) {
    await writeFile(join(installation.directory, `${moment}.key`), `key-of-${moment}`);
  }
  relay = await openRelay(Number(installation.temporalAddress.split(':')[1]));
  const [, ...frozen] = await Promise.all([
    installation.startWorker({}, installation.configFile, 'workflows'),
    ...MOMENTS.map(startFreezing),
  ]);
  // The task that overtakes must still run when the zombie comes.
  installation.simulator.addFaults([
    { operation: 'create', match: 'overtaken', after: 1, fault: STUCK },
  ]);
  const jobs = await Promise.all(MOMENTS.map(start));
  for (const worker of frozen) await untilStopped(worker);
  // What a frozen worker has asked the server for would be given to it and lost.
  await relay.close();
  await installation.startWorker();

  for (const [index, moment] of MOMENTS.entries()) {
    const job = jobs[index];
    if (job === undefined) continue;
    await until(`${moment} to be given up`, () => isGivenUp(moment, job), 60_000);
    statusAtWaking.set(moment, (await job.state()).status);
  }
  for (const { pid } of frozen) process.kill(pid, 'SIGCONT');
}, 120_000);

afterAll(async () => {
  await installation.close();
  await relay.close();
});

/** Each account has a key, and so a user and a list, of its own. */
function settingsOf(
  moment: Moment,
  listSettleSeconds: number,
  policy: AccountSettings = {},
): AccountSettings {
  return {
    provider: 'nexusflow',
    apiKey: { file: `${moment}.key` },
    timing: { submitTimeoutSeconds: SUBMIT_TIMEOUT_SECONDS, listSettleSeconds },
    ...policy,
  };
}

async function startFreezing(moment: Moment): Promise<ChildCommand> {
  const failpoint: Failpoint = { moment: FROZEN[moment], action: 'stop' };
  const environment = { ...withFailpoints(failpoint), TEMPORAL_ADDRESS: relay.address };
  const config = await writePartConfig(installation, [moment]);
  return await installation.startWorker(environment, config, 'provider');
}

async function start(moment: Moment): Promise<JobHandle> {
  const request = { model: `${moment}/wan2.6-t2v`, prompt: moment, durationSeconds: 3 };
  return await installation.client.start(request, { jobId: moment });
}

/** True once others deal with the submission whose worker is frozen. */
async function isGivenUp(moment: Moment, job: JobHandle): Promise<boolean> {
  if (moment === 'sending') return await isReconciled(job);
  const { status, taskId } = await job.state();
  return moment === 'overtaken' ? taskId !== null : status === 'held';
}

async function isReconciled({ jobId }: JobHandle): Promise<boolean> {
  const handle = installation.access.temporal.workflow.getHandle(toWorkflowId(jobId));
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities ?? [];
  return pending.some(({ activityType }) => activityType?.name === 'reconcile');
}

const JOB_TIMEOUT_MS = 60_000;

describe('a worker that freezes past its deadline while it submits', () => {
  it(
    'and wakes before its last check sends nothing: the next submission is the one create [C2 2.4]',
    async () => {
      expect(statusAtWaking.get('checking')).toBe('held');

      const result = await installation.client.job('checking').result();

      expect(result).toMatchObject({ status: 'succeeded', submissions: 2 });
      expect(installation.creates('checking')).toHaveLength(1);
      expect(await installation.ledger.submissions('checking')).toMatchObject([
        { number: 1, state: 'rejected', error: { details: { reason: 'not_sent' } } },
        { number: 2, state: 'accepted' },
      ]);
    },
    JOB_TIMEOUT_MS,
  );

  it(
    'and wakes right before the wire sends the one create, which the list shows [C2 2.4]',
    async () => {
      const result = await installation.client.job('sending').result();

      const [create, ...more] = installation.creates('sending');
      expect(more).toEqual([]);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: create?.taskId,
        submissions: 1,
      });
      expect(await installation.ledger.submissions('sending')).toMatchObject([
        { state: 'accepted', source: 'list' },
      ]);
    },
    JOB_TIMEOUT_MS,
  );

  it(
    'and wakes when its reply is long there leaves the held job to an operator: one create [C3 2.4]',
    async () => {
      const { client, ledger, creates } = installation;
      expect(statusAtWaking.get('posted')).toBe('held');
      const job = client.job('posted');
      await until('its own word in the ledger', async () => {
        const [submission] = await ledger.submissions('posted');
        return submission?.evidence != null;
      });

      const [create, ...more] = creates('posted');
      const taskId = create?.taskId ?? '';
      await job.resolve({ kind: 'adopt', taskId }, { author: 'mona', reason: 'found it' });

      expect(more).toEqual([]);
      expect(await job.result()).toMatchObject({ status: 'succeeded', taskId, submissions: 1 });
    },
    JOB_TIMEOUT_MS,
  );

  it(
    'and wakes with the reply in hand ends the held job by itself: one create [C3 2.4]',
    async () => {
      expect(statusAtWaking.get('replied')).toBe('held');

      const result = await installation.client.job('replied').result();

      expect(result).toMatchObject({ status: 'succeeded', submissions: 1 });
      expect(installation.creates('replied')).toHaveLength(1);
      expect(await installation.ledger.submissions('replied')).toMatchObject([
        { state: 'accepted', source: 'reply' },
      ]);
    },
    JOB_TIMEOUT_MS,
  );

  it(
    'and wakes after a decision to submit again leaves its task as an orphan, never as an overwrite [C3 2.4]',
    async () => {
      const { client, ledger, creates, simulator } = installation;
      await until('the orphan', async () => (await ledger.orphans('overtaken')).length > 0);
      const [first, second, ...more] = creates('overtaken');

      const finish = `${simulator.url}/admin/tasks/${second?.taskId ?? ''}/finish`;
      await fetch(finish, { method: 'POST' });
      const result = await client.job('overtaken').result();

      expect(more).toEqual([]);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: second?.taskId,
        submissions: 2,
      });
      expect(await ledger.decisions('overtaken')).toMatchObject([{ kind: 'resubmit', number: 2 }]);
      expect(await ledger.orphans('overtaken')).toMatchObject([
        { taskId: first?.taskId, submission: { jobId: 'overtaken', number: 1 } },
      ]);
    },
    JOB_TIMEOUT_MS,
  );
});
