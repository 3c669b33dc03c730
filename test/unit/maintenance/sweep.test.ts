import { setTimeout as delay } from 'node:timers/promises';
import { utimesSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../../src/core/errors.ts';
import type { SweepProgress, SweepReport } from '../../../src/maintenance/sweep.ts';
import { sweep } from '../../../src/maintenance/sweep.ts';
import { inputOf, MaintainedInstallation, MODEL, QUIET } from './maintained-installation.ts';

let here: MaintainedInstallation;

beforeEach(async () => {
  here = await MaintainedInstallation.open();
});

afterEach(async () => {
  await here.close();
});

async function run(
  signal?: AbortSignal,
  onProgress?: (progress: SweepProgress) => void,
): Promise<SweepReport> {
  const { ledger, runs, clock, store, installation } = here;
  const { accounts } = installation;
  return await sweep(
    { accounts, ledger, runs, clock, store, logger: QUIET },
    signal === undefined ? {} : { signal },
    onProgress,
  );
}

const namesOf = ({ orphans }: SweepReport): readonly string[] =>
  orphans.items.map(({ taskId }) => taskId);

describe('a sweep of an exclusive realm', () => {
  it('records a task that no submission holds as an orphan, with what such a task costs', async () => {
    const taskId = await here.buy('made by hand');

    const report = await run();

    expect(report).toMatchObject({
      newOrphans: 1,
      realms: [{ realm: 'studio', listed: 1, owned: 0 }],
    });
    expect(report.orphans.items).toEqual([
      {
        realm: 'studio',
        taskId,
        account: 'main',
        model: MODEL,
        estimate: { currency: 'USD', micros: '450000' },
        firstSeenAt: here.now,
        submission: null,
        isNew: true,
        mayBelongTo: [],
      },
    ]);
    expect(await here.ledger.orphans()).toHaveLength(1);
  });

  it('finds nothing new the second time', async () => {
    const taskId = await here.buy('made by hand');
    await run();
    here.pass(60);

    const report = await run();

    expect(report.newOrphans).toBe(0);
    expect(namesOf(report)).toEqual([taskId]);
    expect(report.orphans.items[0]?.isNew).toBe(false);
  });

  it('leaves the tasks of its jobs alone, those that have ended included', async () => {
    await here.succeeded('done');
    await here.accepted('running');

    const report = await run();

    expect(report).toMatchObject({ newOrphans: 0, realms: [{ listed: 2, owned: 2 }] });
    expect(await here.ledger.orphans()).toEqual([]);
  });

  it('calls a task undecided while a submission of its model is on its way, and an orphan afterwards', async () => {
    await here.armed('posting');
    const taskId = await here.buy('accepted, and the reply is on its way');

    const during = await run();
    here.pass(30 + 60 + 1);
    const after = await run();

    expect(during).toMatchObject({ newOrphans: 0, orphans: { total: 0 } });
    expect(during.undecided.items).toEqual([{ realm: 'studio', taskId, model: MODEL }]);
    expect(after).toMatchObject({ newOrphans: 1, undecided: { total: 0 } });
    expect(namesOf(after)).toEqual([taskId]);
  });

  it('does not wait for a submission of another model', async () => {
    await here.opened('posting', { model: 'happyhorse-1.0-t2v' });
    await here.ledger.arm(
      { jobId: 'posting', number: 1 },
      {
        armingId: 'a1',
        worker: 'worker-1',
        keyId: 'env:MAIN_KEY',
        deadlineAt: here.now,
        newestKnownTaskId: null,
        at: here.now,
      },
    );
    await here.buy('made by hand');

    expect(await run()).toMatchObject({ newOrphans: 1, undecided: { total: 0 } });
  });

  it('wakes the held job whose task may be the one that nobody owns', async () => {
    await here.unknown('held');
    const taskId = await here.buy('prompt of held');
    here.pass(30 + 60 + 1);

    const report = await run();

    expect(here.runs.notified).toEqual([{ jobId: 'held', number: 1 }]);
    expect(report.notified.items).toEqual([{ jobId: 'held', number: 1 }]);
    expect(report.orphans.items).toMatchObject([
      { taskId, mayBelongTo: [{ jobId: 'held', number: 1 }] },
    ]);
  });

  it('stops waking a held job that has been woken for long in vain', async () => {
    await here.unknown('held');
    here.runs.run('held', 300);
    await here.buy('prompt of held');
    here.pass(30 + 60 + 1);

    await run();

    expect(here.runs.notified).toEqual([]);
  });

  it('wakes no held job while there is no task that nobody owns', async () => {
    await here.unknown('held');
    await here.accepted('other');
    here.pass(30 + 60 + 1);

    await run();

    expect(here.runs.notified).toEqual([]);
  });

  it('reports a realm that cannot be listed, and goes on with the jobs', async () => {
    await here.accepted('lost');
    here.runs.close('lost', 'terminated');
    here.simulator.addFaults([{ operation: 'list', fault: { kind: 'status', status: 500 } }]);

    const report = await run();

    expect(report.realms).toEqual([
      {
        realm: 'studio',
        account: null,
        listed: 0,
        owned: 0,
        trouble: expect.stringContaining('realm studio cannot be read') as unknown,
      },
    ]);
    expect(report.restarted.total).toBe(1);
  });
});

describe('a sweep of jobs', () => {
  it.each(['terminated', 'timed_out', 'cancelled', 'failed'] as const)(
    'runs a job again whose workflow is %s, with the input of its first run',
    async (how) => {
      await here.accepted('lost');
      here.runs.close('lost', how);

      const report = await run();

      expect(report.restarted.items).toEqual([{ jobId: 'lost', lastRun: how }]);
      expect(here.runs.started).toEqual([{ jobId: 'lost', input: inputOf('lost') }]);
    },
  );

  it('runs a job again that Temporal does not know any more', async () => {
    await here.accepted('lost');
    here.runs.forget('lost');

    const report = await run();

    expect(report.restarted.items).toEqual([{ jobId: 'lost', lastRun: 'missing' }]);
  });

  it('leaves alone what runs, and starts nothing the second time', async () => {
    await here.accepted('running');
    await here.accepted('lost');
    here.runs.close('lost', 'terminated');
    const startAgain = jest.spyOn(here.runs, 'startAgain');

    await run();
    const second = await run();

    expect(startAgain.mock.calls.map(([jobId]) => jobId)).toEqual(['lost']);
    expect(second).toMatchObject({ openJobs: 2, restarted: { total: 0 }, problems: { total: 0 } });
  });

  it('starts nothing for a job that ends between the two looks', async () => {
    await here.accepted('ending');
    here.runs.close('ending', 'failed');
    const state = here.runs.state.bind(here.runs);
    jest.spyOn(here.runs, 'state').mockImplementation(async (jobId) => {
      const result = here.result(jobId, { status: 'failed' });
      await here.ledger.closeJob(jobId, result, here.now);
      return await state(jobId);
    });

    const report = await run();

    expect(here.runs.started).toEqual([]);
    expect(report).toMatchObject({ openJobs: 1, restarted: { total: 0 }, problems: { total: 0 } });
  });

  it('says what to do about a job whose input an earlier release did not keep', async () => {
    await here.accepted('old');
    here.runs.close('old', 'terminated');
    here.tamper("update jobs set input = null where job_id = 'old'");

    const report = await run();

    expect(here.runs.started).toEqual([]);
    expect(report.problems.items).toEqual([
      { subject: 'job old', message: expect.stringContaining('start it again') as unknown },
    ]);
  });

  it('says what to do about a job whose account is gone, and about one that completed without its end', async () => {
    await here.opened('homeless', { account: 'gone' });
    here.runs.close('homeless', 'terminated');
    await here.accepted('odd');
    here.runs.close('odd', 'completed');

    const report = await run();

    expect(here.runs.started).toEqual([]);
    expect(report.problems.items.map(({ subject }) => subject).sort()).toEqual([
      'job homeless',
      'job odd',
    ]);
  });

  it('ends with the trouble where Temporal is away', async () => {
    await here.accepted('lost');
    here.runs.trouble = new ConfigError('temporal.unavailable', 'Temporal does not answer');

    await expect(run()).rejects.toMatchObject({ code: 'temporal.unavailable' });
  });

  it('looks at ten thousand open jobs at bounded concurrency, and tells how far it is', async () => {
    const jobs = 10_000;
    here.tamper(
      `insert into jobs (job_id, request_hash, account, provider, realm, model, current_number, created_at)
       with recursive counter(n) as (select 1 union all select n + 1 from counter where n < ${jobs})
       select 'job-' || n, 'hash', 'main', 'nexusflow', 'studio', '${MODEL}', 0, '${here.now}' from counter`,
    );
    let open = 0;
    let most = 0;
    jest.spyOn(here.runs, 'state').mockImplementation(async () => {
      open += 1;
      most = Math.max(most, open);
      await delay(0);
      open -= 1;
      return { kind: 'running', historyLength: 12 };
    });
    const steps: SweepProgress[] = [];

    const report = await run(undefined, (progress) => steps.push(progress));

    expect(report.openJobs).toBe(jobs);
    expect(most).toBe(16);
    expect(steps.at(-1)).toEqual({ step: 'jobs', done: jobs, total: jobs });
  }, 60_000);

  it('begins nothing more once it is aborted', async () => {
    for (const jobId of ['a', 'b', 'c']) {
      await here.accepted(jobId);
      here.runs.close(jobId, 'terminated');
    }
    const controller = new AbortController();
    jest.spyOn(here.runs, 'startAgain').mockImplementation(async () => {
      controller.abort(new Error('enough'));
      return 'started';
    });

    await expect(run(controller.signal)).rejects.toThrow('enough');

    expect(jest.mocked(here.runs.startAgain).mock.calls.length).toBeLessThanOrEqual(3);
  });
});

describe('a sweep of the store', () => {
  it('removes temporaries that nobody has touched for a day, and no other', async () => {
    const folder = join(here.directory, 'artifacts', '.tmp');
    mkdirSync(folder, { recursive: true });
    for (const name of ['old', 'young']) writeFileSync(join(folder, name), 'bytes');
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(join(folder, 'old'), yesterday, yesterday);

    const report = await run();

    expect(report.staleTemporaries).toBe(1);
    expect(readdirSync(folder)).toEqual(['young']);
  });
});
