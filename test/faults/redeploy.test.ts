import { join } from 'node:path';
import type { FaultRule } from '../../simulator/index.ts';
import type { ChildCommand } from '../../src/cli/child-command.ts';
import { findFreePort } from '../../src/cli/ports.ts';
import type { JobHandle } from '../../src/index.ts';
import type { RunningCommand } from '../installation/command.ts';
import { startCommand } from '../installation/command.ts';
import { withFailpoints } from '../installation/failpoints.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { makeOtherRelease } from '../installation/other-release.ts';
import { writePartConfig } from '../installation/part-config.ts';
import type { ReplyGate } from '../installation/reply-gate.ts';
import { openReplyGate } from '../installation/reply-gate.ts';
import { until } from '../installation/until.ts';
import { pendingActivity, readHistory } from '../installation/workflow-of.ts';

/** What each job is doing when its worker is replaced. */
type Standing = 'following' | 'held' | 'waiting' | 'posting' | 'armed' | 'queued';

const OLD_NOTE = 'the job begins';
const NEW_NOTE = 'the job has begun';
const JOB_TIMEOUT_MS = 60_000;
const DECISION = { author: 'mona', reason: 'found in the dashboard' };
/** The signal comes with the listing that precedes the realm's first arming. */
const BEFORE_ARMING = { moment: '^before http send GET', action: 'terminate' } as const;

let installation: TestInstallation;
let gate: ReplyGate;
let successor: RunningCommand | undefined;
let oldWorker: ChildCommand;

/** The old workers are told to stop with six jobs in six situations; a release with changed workflow code takes over. */
beforeAll(async () => {
  const port = await findFreePort('127.0.0.1');
  gate = await openReplyGate(port);
  const provider = 'nexusflow' as const;
  const baseUrl = `${gate.url}/nexusflow`;
  installation = await openInstallation({
    simulator: { port },
    accounts: {
      nexusflow: { provider, baseUrl, timing: { submitTimeoutSeconds: 15 } },
      armed: { provider },
      queued: { provider, limits: { submitsPerMinute: 6 } },
    },
  });
  const faults: readonly (readonly [Standing, FaultRule['fault']])[] = [
    ['following', { kind: 'stuck_task' }],
    ['held', { kind: 'drop_reply' }],
    ['waiting', { kind: 'status', status: 429, headers: { 'retry-after': '8' } }],
  ];
  installation.simulator.addFaults(
    faults.map(([match, fault]) => ({ operation: 'create', match, fault })),
  );
  const serve = async (accounts: readonly string[], environment = {}): Promise<ChildCommand> =>
    installation.startWorker(
      environment,
      await writePartConfig(installation, accounts),
      'provider',
    );
  const [workflows, told, doomed] = await Promise.all([
    installation.startWorker({}, installation.configFile, 'workflows'),
    serve(['nexusflow', 'queued']),
    serve(['armed'], withFailpoints(BEFORE_ARMING)),
  ]);
  oldWorker = told;
  await reachStandings();

  const stopping = told.stop();
  await until('the signal', () => told.output().includes('stopping'));
  gate.release('posting', 'deliver');
  await Promise.all([stopping, workflows.stop(), doomed.stop()]);

  const { directory, configFile } = installation;
  const launcher = await makeOtherRelease(join(directory, 'release'), [
    { file: 'workflow-bundle.js', from: OLD_NOTE, to: NEW_NOTE },
  ]);
  successor = startCommand(['--config', configFile, 'worker'], { cwd: directory, launcher });
  await successor.said('ready');
}, 90_000);

afterAll(async () => {
  await successor?.kill();
  await installation.close();
  await gate.close();
});

async function start(
  jobId: Standing | 'first in the queue',
  account = 'nexusflow',
): Promise<JobHandle> {
  const request = { model: `${account}/wan2.6-t2v`, prompt: jobId, durationSeconds: 3 };
  return await installation.client.start(request, { jobId: jobId.replaceAll(' ', '-') });
}

async function reachStandings(): Promise<void> {
  gate.hold('posting');
  await start('first in the queue', 'queued');
  await until('a used token', () => installation.creates('first in the queue').length > 0);
  const following = await start('following');
  const held = await start('held');
  await start('waiting');
  await start('posting');
  await start('armed', 'armed');
  await start('queued', 'queued');
  await until('a reading', async () => (await following.state()).polls > 0);
  await until('a hold', async () => (await held.state()).status === 'held');
  await until('a refusal', () => installation.refusals('waiting').length > 0);
  await until('a create', () => gate.isHolding('posting'));
  await until('a queued submit', () => pendingActivity(installation, 'queued', 'submit'));
  await until('a submission that was stopped', async () => {
    const [submission] = await installation.ledger.submissions('armed');
    return submission?.state === 'rejected';
  });
}

/** What a job needs from outside to end. */
const HELP: Readonly<Record<Standing, (job: JobHandle) => Promise<unknown>>> = {
  following: () => {
    const finish = `${installation.simulator.url}/admin/tasks/${taskOf('following')}/finish`;
    return fetch(finish, { method: 'POST' });
  },
  held: (job) => job.resolve({ kind: 'adopt', taskId: taskOf('held') }, DECISION),
  waiting: () => Promise.resolve(),
  posting: () => Promise.resolve(),
  armed: () => Promise.resolve(),
  queued: () => Promise.resolve(),
};

function taskOf(prompt: string): string {
  return installation.creates(prompt)[0]?.taskId ?? '';
}

describe('a worker that is replaced by a release with changed workflow code', () => {
  it.each([
    ['follows its task', 'following', 1],
    ['is held', 'held', 1],
    ['waits for its next submission', 'waiting', 2],
    ['waits for the reply to its POST', 'posting', 1],
    ['is about to be submitted', 'armed', 2],
    ['is queued for its submission', 'queued', 1],
  ] as const)(
    'while a job %s hands it over: one create, and its history fits the new code [F18 C16]',
    async (_what, standing, submissions) => {
      const job = installation.client.job(standing);

      await HELP[standing](job);
      const result = await job.result();

      expect(installation.creates(standing)).toHaveLength(1);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: taskOf(standing),
        submissions,
        cost: { micros: '270000', state: 'charged' },
      });
      const notes = (await job.state()).history.map(({ note }) => note).join('\n');
      expect(notes).toContain(NEW_NOTE);
      expect(notes).not.toContain(OLD_NOTE);
      const failures = (await readHistory(installation, standing)).filter(
        ({ workflowTaskFailedEventAttributes: failed }) => failed != null,
      );
      expect(failures).toEqual([]);
    },
    JOB_TIMEOUT_MS,
  );
});

describe('a worker that is told to stop with SIGTERM', () => {
  it('during a POST waits for the reply and records it: no reconcile is needed [C16]', async () => {
    const [submission] = await installation.ledger.submissions('posting');

    expect(submission).toMatchObject({ state: 'accepted', source: 'reply' });
    expect(submission?.worker).toContain(`:${oldWorker.pid}:`);
    expect(oldWorker.output()).toContain('stopping');
  });

  it('before a POST sends nothing, and says so to the ledger [C16]', async () => {
    const [stopped] = await installation.ledger.submissions('armed');

    expect(stopped).toMatchObject({
      state: 'rejected',
      error: { details: { reason: 'not_sent' } },
    });
  });
});
