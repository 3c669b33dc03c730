import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../../../src/core/job.ts';
import { auditOf, each, like, violationsOf } from './audit-lines.ts';
import { KEY, MaintainedInstallation } from './maintained-installation.ts';

let here: MaintainedInstallation;

beforeEach(async () => {
  here = await MaintainedInstallation.open();
});

afterEach(async () => {
  await here.close();
});

const pathOf = ({ url }: Artifact): string => fileURLToPath(url);

describe('I4 is violated', () => {
  it('by an artifact that is gone', async () => {
    rmSync(pathOf(await here.succeeded('done')));

    expect(await violationsOf(here)).toEqual({ I4: ['jobs/done/1/0.mp4 is not in the store'] });
  });

  it('by an artifact that was cut short, also in a quick audit', async () => {
    truncateSync(pathOf(await here.succeeded('done')), 100);

    expect(await violationsOf(here, {}, { isQuick: true })).toEqual({
      I4: [like('jobs/done/1/0.mp4 has 100 bytes')],
    });
  });

  it('by an artifact with other bytes of the same length, which a quick audit does not see', async () => {
    const artifact = await here.succeeded('done');
    writeFileSync(pathOf(artifact), Buffer.alloc(artifact.sizeBytes, 'x'));

    const quick = await auditOf(here, {}, { isQuick: true });

    expect(quick.get('I4')?.verdict).toBe('holds');
    expect(await violationsOf(here)).toEqual({ I4: [like('jobs/done/1/0.mp4 has SHA-256')] });
  });

  it('by an artifact that is what was recorded, and no media file', async () => {
    const taskId = await here.accepted('page');
    const submission = { jobId: 'page', number: 1 };
    const cost = { kind: 'charge', quote: here.quote, reason: 'succeeded' } as const;
    await here.ledger.recordCost(submission, cost, here.now);
    const artifact = await here.publish('jobs/page/1/0.mp4', Buffer.from('<html>gone</html>'));
    await here.ledger.recordArtifact(submission, artifact, null, here.now);
    const result = here.result('page', { taskId, artifacts: [artifact] });
    await here.ledger.closeJob('page', result, here.now);
    here.runs.close('page', 'completed');

    expect(await violationsOf(here)).toEqual({ I4: [like('not one whole media file: html')] });
  });

  it('by a job that succeeded without an artifact', async () => {
    await here.succeeded('done');
    here.tamper('delete from artifacts');

    expect(await violationsOf(here)).toEqual({
      I4: [
        like('job done succeeded and no artifact is recorded'),
        like('its result names jobs/done/1/0.mp4'),
        like('jobs/done/1/0.mp4 is in the store and no record names it'),
      ],
    });
  });

  it('by an object at a final key that no record names, unless its job is still open', async () => {
    await here.succeeded('done');
    await here.accepted('storing');
    await here.publish('jobs/done/1/1.mp4');
    await here.publish('jobs/storing/1/0.mp4');
    await here.publish('jobs/nobody/1/0.part');

    expect(await violationsOf(here)).toEqual({
      I4: [
        'jobs/done/1/1.mp4 is in the store and no record names it',
        'jobs/nobody/1/0.part is in the store and no record names it',
      ],
    });
  });
});

describe('I5 is violated', () => {
  const addEntry = (jobId: string, kind: string, micros = 450_000): string =>
    `insert into entries (job_id, number, kind, sequence, micros, currency, basis, price_source, estimated, at)
     values ('${jobId}', 1, '${kind}', 0, ${micros}, 'USD', 'by hand', 'nobody', 0, '2026-06-01T10:00:00.000Z')`;

  /** Entries that were written by hand are not in the sums of their days, which is one violation more. */
  const entryViolationsOf = async (tampered: MaintainedInstallation): Promise<object> => {
    const { I5 = [], ...others } = await violationsOf(tampered);
    const isOfSums = (line: string): boolean => line.startsWith('the database: daily_money: ');
    expect(I5.some(isOfSums)).toBe(true);
    return { ...others, I5: I5.filter((line) => !isOfSums(line)) };
  };

  it('by a submission that is charged and released', async () => {
    await here.succeeded('done');
    here.tamper(addEntry('done', 'release', 0));

    expect(await entryViolationsOf(here)).toEqual({
      I5: ['submission 1 of job done is settled more than once: reserve, charge, release'],
    });
  });

  it('by an ended submission whose money was never settled', async () => {
    await here.succeeded('done');
    here.tamper("delete from entries where kind = 'charge'");

    expect(await entryViolationsOf(here)).toEqual({
      I5: [
        'submission 1 of job done has ended and its money is neither charged, released nor unknown',
      ],
    });
  });

  it('by a charge on a submission that was never accepted, and that has not ended', async () => {
    await here.opened('open');
    here.tamper(addEntry('open', 'charge'));

    expect(await entryViolationsOf(here)).toEqual({
      I5: [
        'submission 1 of job open is admitted and charged',
        'submission 1 of job open is charged and has not ended',
      ],
    });
  });

  it('by an adjustment of nothing, and by a second currency', async () => {
    await here.accepted('open');
    here.tamper(addEntry('open', 'adjust').replace("'USD'", "'CNY'"));

    expect(await entryViolationsOf(here)).toEqual({
      I5: [
        'submission 1 of job open is adjusted and not charged',
        'submission 1 of job open is booked in USD and CNY',
      ],
    });
  });

  it('by a task that two submissions hold', async () => {
    const taskId = await here.accepted('one');
    await here.accepted('other');
    here.tamper(
      'create table loose as select * from submissions',
      'drop table submissions',
      'alter table loose rename to submissions',
      `update submissions set task_id = '${taskId}'`,
    );

    expect(await violationsOf(here)).toEqual({
      I5: [`task ${taskId} of realm studio is held by several submissions: one (1), other (1)`],
    });
  });

  it('by sums that are not what the entries sum up to', async () => {
    await here.succeeded('done');
    const totals = jest.spyOn(here.ledger, 'totals');
    totals.mockResolvedValue([
      { currency: 'USD', charged: '1', estimated: '0', reserved: '0', unknown: '0', jobs: 1 },
    ]);

    expect(await violationsOf(here)).toEqual({
      I5: [like('the entries sum up to USD: 450000 charged')],
    });
  });

  it('by a guard of the database that is gone', async () => {
    await here.succeeded('done');
    here.dropGuard('entries_refuse_delete');

    expect(await violationsOf(here)).toEqual({ I5: [like('the trigger that refuses to delete')] });
  });
});

describe('I7 is violated', () => {
  it('by a key in a row of the ledger', async () => {
    await here.succeeded('done');
    const facts = { header: `Bearer ${KEY}` };
    const discrepancy = { jobId: 'done', number: 1, kind: 'planted', facts };
    await here.ledger.recordDiscrepancy(discrepancy, here.now);

    const violations = await violationsOf(here);

    expect(violations).toEqual({
      I7: [like('of table discrepancies holds the key of account main')],
    });
    expect(JSON.stringify(violations)).not.toContain(KEY);
  });

  it('by a key in a spooled file or a history', async () => {
    const text = `{"apiKey":"${KEY}"}`;

    expect(
      await violationsOf(here, { spoolFiles: () => each({ name: 'spool file a', text }) }),
    ).toEqual({ I7: ['spool file a holds the key of account main'] });
    expect(
      await violationsOf(here, { histories: () => each({ name: 'history of b', text }) }),
    ).toEqual({ I7: ['history of b holds the key of account main'] });
  });

  it('by a readable prompt, but only where prompts are encrypted', async () => {
    await here.accepted('lighthouse-in-the-rain');

    const open = await auditOf(here);
    const violations = await violationsOf(here, {}, { isSealing: true });

    expect(open.get('I7')).toMatchObject({ verdict: 'holds', note: like('no encryption') });
    expect(violations).toEqual({
      I7: [like('holds the prompt of job lighthouse-in-the-rain')],
    });
  });
});
