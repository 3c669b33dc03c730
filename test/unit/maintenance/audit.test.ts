import { ConfigError, LedgerError } from '../../../src/core/errors.ts';
import type { ReplayedHistory } from '../../../src/maintenance/audit/ports.ts';
import { ALL_HOLD, auditOf, each, like, verdictsOf, violationsOf } from './audit-lines.ts';
import { MaintainedInstallation } from './maintained-installation.ts';

let here: MaintainedInstallation;

beforeEach(async () => {
  here = await MaintainedInstallation.open();
});

afterEach(async () => {
  await here.close();
});

describe('an audit of a healthy installation', () => {
  it('finds every invariant holding, whatever its jobs are doing', async () => {
    await here.succeeded('done');
    await here.accepted('running');
    await here.opened('opening');
    await here.armed('posting');
    await here.unknown('held');
    await here.succeeded('batch/item');

    const lines = await auditOf(here);

    expect(verdictsOf(lines)).toEqual(ALL_HOLD);
    expect(lines.get('I1')).toMatchObject({ checked: 6, violations: { total: 0 } });
    expect(lines.get('I4')?.checked).toBe(4);
  });

  it('has nothing against an empty one', async () => {
    expect(verdictsOf(await auditOf(here))).toEqual(ALL_HOLD);
  });

  it('counts a decision for a second submission, and the orphan that a late answer of the first left', async () => {
    await here.unknown('again');
    const decision = { id: 'd1', author: 'ada', reason: 'looked it up' };
    await here.opened('again', { number: 2, resubmit: decision });
    await here.accepted('again', 2);
    const late = await here.buy('prompt of again');
    await here.ledger.recordOutcome({ jobId: 'again', number: 1 }, here.acceptance(late), here.now);

    expect(verdictsOf(await auditOf(here))).toEqual(ALL_HOLD);
  });

  it('takes it as it is that a reply claimed a task which another job had been given from the list', async () => {
    await here.unknown('inferred');
    await here.armed('replied');
    const taskId = await here.buy('prompt of replied');
    const inferred = { jobId: 'inferred', number: 1 };
    await here.ledger.recordOutcome(inferred, here.acceptance(taskId, 'list'), here.now);
    await here.finished('inferred', taskId);
    const replied = { jobId: 'replied', number: 1 };
    await here.ledger.recordOutcome(replied, here.acceptance(taskId), here.now);

    const [submission] = await here.ledger.submissions('inferred');
    expect(submission?.state).toBe('unknown');
    expect(verdictsOf(await auditOf(here))).toEqual(ALL_HOLD);
  });

  it('looks again at a job that looks wrong, and forgets what was only a moment', async () => {
    await here.accepted('moving');
    here.runs.close('moving', 'completed');
    const state = here.runs.state.bind(here.runs);
    jest.spyOn(here.runs, 'state').mockImplementation(async (jobId) => {
      const seen = await state(jobId);
      here.runs.run(jobId);
      return seen;
    });

    expect((await auditOf(here)).get('I3')).toMatchObject({ verdict: 'holds', checked: 1 });
  });
});

describe('I10 is violated', () => {
  it('by a history that does not replay', async () => {
    const replay = (): AsyncGenerator<ReplayedHistory> =>
      each({ jobId: 'fine' }, { jobId: 'odd', failure: 'Nondeterminism' });

    expect(await violationsOf(here, { replay })).toEqual({
      I10: ['the history of job odd does not replay: Nondeterminism'],
    });
  });
});

describe('an audit while something is away', () => {
  it('leaves unproved what needs Temporal, says why, and proves the rest', async () => {
    await here.accepted('running');
    await here.succeeded('done');
    here.runs.trouble = new ConfigError('temporal.unavailable', 'Temporal does not answer');
    const away = (): never => {
      throw here.runs.trouble ?? new Error('it is away');
    };

    const lines = await auditOf(here, { histories: away, replay: away });

    const open = [...lines.values()].filter(({ verdict }) => verdict === 'not_checked');
    expect(open.map(({ invariant }) => invariant)).toEqual(['I3', 'I6', 'I7', 'I9', 'I10']);
    expect(lines.get('I3')?.note).toContain('temporal.unavailable: Temporal does not answer');
    expect(lines.get('I4')?.verdict).toBe('holds');
  });

  it('still tells a violation that it has seen', async () => {
    await here.succeeded('done');
    here.tamper('update submissions set ended_at = null');
    const away = (): never => {
      throw new ConfigError('temporal.unavailable', 'Temporal does not answer');
    };

    const lines = await auditOf(here, { replay: away });

    expect(lines.get('I6')?.verdict).toBe('violated');
    expect(lines.get('I10')?.verdict).toBe('not_checked');
  });

  it('proves nothing of the ledger where the ledger is away', async () => {
    const away = (): never => {
      throw new LedgerError('ledger.unavailable', 'the ledger cannot be read');
    };
    jest.spyOn(here.ledger, 'jobs').mockImplementation(away);
    jest.spyOn(here.ledger, 'rows').mockImplementation(away);

    const lines = await auditOf(here);

    expect(verdictsOf(lines).filter((line) => line.endsWith(' holds'))).toEqual(['I10 holds']);
  });

  it('does not vouch for a realm that cannot be listed', async () => {
    here.simulator.addFaults([{ operation: 'list', fault: { kind: 'status', status: 500 } }]);

    expect((await auditOf(here)).get('I2')).toMatchObject({
      verdict: 'not_checked',
      note: like('the list of realm studio cannot be read'),
    });
  });

  it('ends without an answer when it is aborted', async () => {
    await here.succeeded('done');
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(auditOf(here, {}, { signal })).rejects.toThrow('enough');
  });
});
