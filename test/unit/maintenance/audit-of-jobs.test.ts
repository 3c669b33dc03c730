import { auditOf, like, violationsOf } from './audit-lines.ts';
import { MaintainedInstallation, MODEL } from './maintained-installation.ts';

let here: MaintainedInstallation;

beforeEach(async () => {
  here = await MaintainedInstallation.open();
});

afterEach(async () => {
  await here.close();
});

describe('I1 is violated', () => {
  it('by two accepted creates without a decision', async () => {
    await here.unknown('twice');
    const decision = { id: 'd1', author: 'ada', reason: 'looked it up' };
    await here.opened('twice', { number: 2, resubmit: decision });
    await here.accepted('twice', 2);
    const late = await here.buy('prompt of twice');
    await here.ledger.recordOutcome({ jobId: 'twice', number: 1 }, here.acceptance(late), here.now);
    here.tamper('delete from decisions');

    expect(await violationsOf(here)).toEqual({
      I1: [
        like('job twice: 2 creates were accepted, and 0 decisions'),
        like('job twice: submissions 2 were opened although'),
      ],
    });
  });

  it('by a submission that was opened although the one before may have been accepted', async () => {
    await here.unknown('blind');
    const decision = { id: 'd1', author: 'ada', reason: 'looked it up' };
    await here.opened('blind', { number: 2, resubmit: decision });
    here.tamper('delete from decisions');

    expect(await violationsOf(here)).toEqual({
      I1: [like('job blind: submissions 2 were opened although')],
    });
  });
});

describe('I2 is violated', () => {
  it('by an armed submission that nobody settled in time', async () => {
    await here.armed('forgotten');
    here.pass(30 + 60 + 1);

    expect(await violationsOf(here)).toEqual({
      I2: [
        like('submission 1 of job forgotten was armed by worker-1 until 2026-06-01T10:00:30.000Z'),
      ],
    });
  });

  it('by an accepted submission without its task', async () => {
    await here.accepted('empty');
    here.tamper("update submissions set operation = null where job_id = 'empty'");

    expect(await violationsOf(here)).toEqual({
      I2: ['submission 1 of job empty is accepted without its operation'],
    });
  });

  it('by a listed task that no submission holds and no sweep has found', async () => {
    const taskId = await here.buy('made by hand');
    here.pass(21 * 60);

    expect(await violationsOf(here)).toEqual({ I2: [like(taskId)] });
  });

  it('not by a task that the next sweep will find, nor by one that is a known orphan', async () => {
    const taskId = await here.buy('made by hand');
    const young = await auditOf(here);
    const facts = { realm: 'studio', account: 'main', model: MODEL, estimate: null };
    await here.ledger.recordOrphan({ ...facts, taskId }, here.now);
    here.pass(21 * 60);

    expect(young.get('I2')?.verdict).toBe('holds');
    expect((await auditOf(here)).get('I2')?.verdict).toBe('holds');
  });

  it('by more unowned tasks than undecided submissions, and not by as many', async () => {
    await here.unknown('held');
    await here.buy('prompt of held');
    here.pass(21 * 60);
    const one = await auditOf(here);
    await here.buy('prompt of held');
    here.pass(21 * 60);

    expect(one.get('I2')?.verdict).toBe('holds');
    expect(await violationsOf(here)).toEqual({ I2: [like('realm studio lists 2 tasks')] });
  });
});

describe('I3 is violated', () => {
  it('by an open job whose workflow was terminated, or is gone', async () => {
    await here.accepted('terminated');
    here.runs.close('terminated', 'terminated');
    await here.accepted('deleted');
    here.runs.forget('deleted');

    expect(await violationsOf(here)).toEqual({
      I3: [
        like('job deleted is open in the ledger and its workflow is gone'),
        like('job terminated is open in the ledger and its workflow is terminated'),
      ],
    });
  });

  it('by a job that runs past every clock it has, and not by a held one', async () => {
    await here.opened('stuck');
    await here.unknown('held');
    here.pass(24 * 3600 + 16 * 60);

    expect(await violationsOf(here)).toEqual({ I3: [like('job stuck has been running past')] });
  });
});

describe('I6 is violated', () => {
  it('by an end that is not the one the workflow closed with', async () => {
    await here.succeeded('done');
    here.runs.close('done', 'failed');

    expect(await violationsOf(here)).toEqual({
      I6: ['job done ended succeeded in the ledger, and its workflow failed'],
    });
  });

  it('by an ended job with an open submission', async () => {
    await here.succeeded('done');
    here.tamper('update submissions set ended_at = null');

    const line = (await auditOf(here)).get('I6');

    expect(line?.violations.items).toEqual(['job done has ended and submission 1 is open']);
  });

  it('by an end that contradicts its own result', async () => {
    await here.succeeded('done');
    here.tamper("update jobs set end_status = 'failed'");
    here.runs.close('done', 'failed');

    expect(await violationsOf(here)).toEqual({
      I6: ['job done ended failed, and its result says succeeded'],
    });
  });

  it('not by a workflow that was terminated after the end, nor by one that Temporal has forgotten', async () => {
    await here.succeeded('terminated');
    here.runs.close('terminated', 'terminated');
    await here.succeeded('forgotten');
    here.runs.forget('forgotten');

    expect((await auditOf(here)).get('I6')?.verdict).toBe('holds');
  });
});

describe('I8 is violated', () => {
  it('by a task that was taken from a callback without a reading', async () => {
    await here.unknown('called');
    const taskId = await here.buy('prompt of called');
    const acceptance = here.acceptance(taskId, 'callback');
    await here.ledger.recordOutcome({ jobId: 'called', number: 1 }, acceptance, here.now);
    const confirmed = await auditOf(here);
    here.tamper('update submissions set snapshot = null');

    const line = (await auditOf(here)).get('I8');

    expect(confirmed.get('I8')?.verdict).toBe('holds');
    expect(line?.violations.items).toEqual([
      `submission 1 of job called took task ${taskId} from a callback without reading it`,
    ]);
  });

  it('by a job that succeeded although nobody read so', async () => {
    await here.succeeded('done');
    here.tamper("update submissions set ended_reason = 'closed'");

    expect(await violationsOf(here)).toEqual({
      I8: ['job done succeeded and no reading of its task says so'],
    });
  });
});

describe('I9 is violated', () => {
  it('by more readings than the time had room for', async () => {
    await here.accepted('restless');
    here.pass(60);
    const result = here.result('restless', { status: 'failed', polls: 100 });
    await here.ledger.closeJob('restless', result, here.now);
    here.runs.close('restless', 'failed');

    expect(await violationsOf(here)).toEqual({
      I9: [like('job restless read its task 100 times in 60 s')],
    });
  });

  it('by an open workflow whose history grows and grows', async () => {
    await here.accepted('long');
    here.runs.run('long', 1_000);

    expect(await violationsOf(here)).toEqual({
      I9: [like('job long: its workflow has 1000 events')],
    });
  });

  it('by more submissions than backoff allows', async () => {
    await here.opened('many');
    here.tamper(
      `insert into submissions (job_id, number, account, realm, model, state, created_at, ended_at, ended_reason)
       with recursive counter(n) as (select 2 union all select n + 1 from counter where n < 400)
       select 'many', n, 'main', 'studio', '${MODEL}', 'rejected', '${here.now}', '${here.now}', 'resubmitted' from counter`,
      "update submissions set state = 'rejected', ended_at = created_at",
      'update jobs set current_number = 400',
    );

    const line = (await auditOf(here)).get('I9');

    expect(line?.violations.items).toEqual([like('job many has 400 submissions')]);
  });
});
