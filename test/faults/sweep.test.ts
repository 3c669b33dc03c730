import type { JobHandle } from '../../src/index.ts';
import type { SweepReport } from '../../src/maintenance/sweep.ts';
import { SWEEP_SCHEDULE_ID } from '../../src/runtime/sweep-schedule.ts';
import type { CommandEnd } from '../installation/command.ts';
import type { TestInstallation } from '../installation/installation.ts';
import { openInstallation } from '../installation/installation.ts';
import { measureFile } from '../installation/stored-file.ts';
import { until } from '../installation/until.ts';

const MODEL = 'wan2.6-t2v';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await openInstallation({
    accounts: {
      swept: {
        provider: 'nexusflow',
        realm: 'studio',
        exclusive: true,
        timing: { submitTimeoutSeconds: 2, settleSeconds: 1, listSettleSeconds: 1 },
      },
    },
  });
  await installation.startWorker();
}, 90_000);

afterAll(async () => {
  await installation.close();
});

const promptOf = (jobId: string): string => `prompt of ${jobId}`;

/** A job whose task runs until it is finished by hand. */
async function beginRunning(jobId: string): Promise<JobHandle> {
  const { simulator, client } = installation;
  const prompt = promptOf(jobId);
  simulator.addFaults([{ operation: 'create', match: prompt, fault: { kind: 'stuck_task' } }]);
  const request = { model: `swept/${MODEL}`, prompt, durationSeconds: 3 };
  const job = await client.start(request, { jobId });
  await until('a running task', async () => (await job.state()).status === 'running');
  return job;
}

async function finishTask(jobId: string): Promise<void> {
  const [create] = installation.creates(promptOf(jobId));
  const url = `${installation.simulator.url}/admin/tasks/${create?.taskId ?? ''}/finish`;
  await fetch(url, { method: 'POST' });
}

async function terminate(jobId: string): Promise<void> {
  const handle = installation.access.temporal.workflow.getHandle(`job/${jobId}`);
  await handle.terminate('by hand');
}

async function remove(jobId: string): Promise<void> {
  const { temporal, connection } = installation.access;
  const { namespace } = temporal.options;
  const workflowExecution = { workflowId: `job/${jobId}` };
  await connection.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
  await until('the workflow to be gone', async () => {
    const handle = temporal.workflow.getHandle(`job/${jobId}`);
    return await handle.describe().then(
      () => false,
      () => true,
    );
  });
}

function reportOf({ stdout }: CommandEnd): SweepReport {
  return JSON.parse(stdout) as SweepReport;
}

describe('a job whose workflow is ended from outside while its task runs', () => {
  it.each([
    ['terminated', terminate, 'terminated'],
    ['deleted', remove, 'missing'],
  ] as const)(
    '(%s) is run again by the next sweep: one create, its result stored, its cost booked, its place free',
    async (jobId, endWorkflow, lastRun) => {
      const { ledger, pollux } = installation;
      const job = await beginRunning(jobId);
      await endWorkflow(jobId);
      await finishTask(jobId);
      const placesBefore = await ledger.placesTaken('swept');

      const swept = await pollux('sweep', '--json');
      const result = await job.result();

      expect(swept.exitCode).toBe(0);
      expect(reportOf(swept)).toMatchObject({
        newOrphans: 0,
        restarted: { total: 1, items: [{ jobId, lastRun }] },
        problems: { total: 0 },
      });
      const creates = installation.creates(promptOf(jobId));
      expect(creates).toHaveLength(1);
      expect(result).toMatchObject({
        status: 'succeeded',
        taskId: creates[0]?.taskId,
        submissions: 1,
        cost: { micros: '270000', state: 'charged' },
      });
      const [artifact] = result.artifacts;
      expect(await measureFile(artifact!)).toEqual({
        sizeBytes: artifact?.sizeBytes,
        sha256: artifact?.sha256,
      });
      const entries = await ledger.entries(jobId);
      expect(entries.map(({ kind }) => kind)).toEqual(['reserve', 'charge']);
      expect([placesBefore, await ledger.placesTaken('swept')]).toEqual([1, 0]);
    },
    60_000,
  );

  it('is run again by the schedule, which a worker keeps paused where an operator paused it', async () => {
    const { access, pollux } = installation;
    const schedule = access.temporal.schedule.getHandle(SWEEP_SCHEDULE_ID);
    const job = await beginRunning('scheduled');
    await terminate('scheduled');
    await finishTask('scheduled');

    const setUp = await pollux('setup');
    await schedule.trigger();
    await until('the end of the new run', async () => (await job.state()).status === 'succeeded');

    expect(setUp.stdout).toContain(`schedule ${SWEEP_SCHEDULE_ID} is updated`);
    expect(installation.creates(promptOf('scheduled'))).toHaveLength(1);
    const { state, policies, spec } = await schedule.describe();
    expect(state.paused).toBe(true);
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });
    expect(spec.intervals).toMatchObject([{ every: 600_000 }]);
  }, 60_000);
});

describe('a task that nobody submitted', () => {
  it('is found by the sweep, reported once as new, and gone from the orphans when a job adopts it', async () => {
    const { simulator, ledger, pollux } = installation;
    const reply = await fetch(`${simulator.baseUrls.nexusflow}/v1/tasks`, {
      method: 'POST',
      headers: { authorization: 'Bearer simulated', 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, prompt: 'made by hand', duration: 3 }),
    });
    const { id: taskId } = (await reply.json()) as { readonly id: string };

    const first = await pollux('sweep');
    const second = await pollux('sweep', '--json');
    const adopted = await pollux(
      ...['jobs', 'adopt', `swept/${MODEL}`, taskId, '--duration-seconds', '3'],
      ...['--job-id', 'adopter', '--json'],
    );
    const third = await pollux('sweep', '--json');

    expect(first.exitCode).toBe(3);
    expect(first.stdout).toContain('1 orphan, 1 of them new');
    expect(first.stdout).toMatch(new RegExp(`${taskId} +swept/${MODEL} .*0\\.45 USD`));
    expect(second.exitCode).toBe(0);
    expect(reportOf(second)).toMatchObject({ newOrphans: 0, orphans: { total: 1 } });
    expect(JSON.parse(adopted.stdout)).toMatchObject({ status: 'succeeded', taskId });
    expect(reportOf(third)).toMatchObject({ newOrphans: 0, orphans: { total: 0 } });
    expect(await ledger.orphans()).toEqual([]);
  }, 60_000);
});

describe('an audit of a live installation', () => {
  it('proves every invariant while a job runs, and tells one that is broken', async () => {
    const { pollux } = installation;
    const job = await beginRunning('audited');

    const healthy = await pollux('audit', '--json');
    await terminate('audited');
    const broken = await pollux('audit');
    await pollux('sweep');
    await finishTask('audited');
    await job.result();

    const { invariants } = JSON.parse(healthy.stdout) as {
      readonly invariants: readonly { readonly invariant: string; readonly verdict: string }[];
    };
    expect(invariants.filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
    expect(healthy.exitCode).toBe(0);
    expect(broken.stdout).toMatch(/^violated +I3 /m);
    expect(broken.stdout).toContain(
      '    job audited is open in the ledger and its workflow is terminated',
    );
    expect(broken.exitCode).toBe(1);
  }, 90_000);

  it('says what it cannot prove while Temporal is away, and ends with 4', async () => {
    const { pollux, killServer } = installation;
    await killServer();

    const audited = await pollux('audit');

    expect(audited.exitCode).toBe(4);
    expect(audited.stdout).toMatch(/^not checked +I10 .*temporal\.unavailable/m);
    expect(audited.stdout).toMatch(/^holds +I1 /m);
    expect(audited.stdout).not.toMatch(/^violated/m);
  }, 60_000);

  it('finds a key that somebody wrote into a prompt, wherever the job has left it', async () => {
    const { client, pollux, startServer } = installation;
    await startServer();
    const prompt = 'a poster that says simulated';
    const job = await client.start(
      { model: `swept/${MODEL}`, prompt, durationSeconds: 3 },
      { jobId: 'leaky' },
    );
    await until('the row of the job', () => installation.ledger.job(job.jobId));

    const audited = await pollux('audit', '--limit', '1');

    expect(audited.stdout).toMatch(/^violated +I7 /m);
    expect(audited.stdout).toContain('the workflow of job leaky holds the key of account swept');
    expect(audited.stdout).toContain('row leaky of table jobs holds the key of account swept');
    expect(audited.exitCode).toBe(1);
  }, 60_000);
});
