import { describeSweep } from '../../../src/cli/describe-sweep.ts';
import type { ReportedOrphan, SweepReport } from '../../../src/maintenance/sweep.ts';

const NONE = { total: 0, items: [] };

const QUIET: SweepReport = {
  startedAt: '2026-06-01T10:00:00.000Z',
  finishedAt: '2026-06-01T10:00:01.000Z',
  realms: [],
  orphans: NONE,
  newOrphans: 0,
  undecided: NONE,
  openJobs: 0,
  restarted: NONE,
  notified: NONE,
  problems: NONE,
  staleTemporaries: 0,
};

const ORPHAN: ReportedOrphan = {
  realm: 'studio',
  taskId: 'task_1',
  account: 'main',
  model: 'wan2.6-t2v',
  estimate: { currency: 'USD', micros: '450000' },
  firstSeenAt: '2026-06-01T10:00:00.000Z',
  submission: null,
  isNew: true,
  mayBelongTo: [{ jobId: 'shot-7', number: 1 }],
};

describe('a sweep for a person', () => {
  it('says so where nothing was found', () => {
    expect(describeSweep(QUIET)).toBe(
      '0 open jobs, 0 of them run again because the workflow was gone\nno orphans\n',
    );
  });

  it('names the orphan, what it may cost, whose it may be, and how it is taken over', () => {
    const text = describeSweep({
      ...QUIET,
      orphans: { total: 1, items: [ORPHAN] },
      newOrphans: 1,
    });

    expect(text).toContain('1 orphan, 1 of them new');
    expect(text).toMatch(/task_1 +main\/wan2\.6-t2v +2026-06-01T10:00:00\.000Z +0\.45 USD +shot-7/);
    expect(text).toContain('pollux jobs resolve <job> --adopt <task>');
  });

  it('names what was run again, what could not be listed and what needs a person', () => {
    const trouble = 'the list of realm studio cannot be read: 401';
    const text = describeSweep({
      ...QUIET,
      realms: [{ realm: 'studio', account: null, listed: 0, owned: 0, trouble }],
      openJobs: 2,
      restarted: { total: 1, items: [{ jobId: 'shot-6', lastRun: 'terminated' }] },
      problems: { total: 1, items: [{ subject: 'job old', message: 'start it again' }] },
    });

    expect(text.split('\n').slice(0, 4)).toEqual([
      trouble,
      '2 open jobs, 1 of them run again because the workflow was gone',
      '  job shot-6: its workflow was terminated',
      'needs a person: job old: start it again',
    ]);
  });
});
