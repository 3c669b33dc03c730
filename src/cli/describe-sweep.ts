import { formatMoney } from '../core/money.ts';
import type { ReportedOrphan, SweepReport } from '../maintenance/sweep.ts';
import { renderTable } from './table.ts';

/** A sweep for a person: what it did, what somebody must look at, and how. */
export function describeSweep(report: SweepReport): string {
  const { realms, restarted, notified, problems, undecided, orphans, staleTemporaries } = report;
  const lines = [
    ...realms.map(
      ({ realm, listed, owned, trouble }) =>
        trouble ?? `realm ${realm}: ${count(listed, 'task')} listed, ${owned} of them held by jobs`,
    ),
    `${count(report.openJobs, 'open job')}, ${restarted.total} of them run again because the workflow was gone`,
    ...restarted.items.map(({ jobId, lastRun }) => `  job ${jobId}: its workflow was ${lastRun}`),
    ...(notified.total === 0 ? [] : [`${count(notified.total, 'held job')} woken to look again`]),
    ...(undecided.total === 0
      ? []
      : [`${count(undecided.total, 'task')} may belong to a submission on its way`]),
    ...(staleTemporaries === null || staleTemporaries === 0
      ? []
      : [`${count(staleTemporaries, 'temporary object')} removed`]),
    ...problems.items.map(({ subject, message }) => `needs a person: ${subject}: ${message}`),
  ];
  return `${lines.join('\n')}\n${describeOrphans(report.newOrphans, orphans.total, orphans.items)}`;
}

function describeOrphans(fresh: number, total: number, orphans: readonly ReportedOrphan[]): string {
  if (total === 0) return 'no orphans\n';
  const rows = orphans.map((orphan) => [
    orphan.taskId,
    `${orphan.account}/${orphan.model}`,
    orphan.firstSeenAt,
    orphan.estimate === null ? '?' : formatMoney(orphan.estimate),
    describeOwner(orphan),
  ]);
  return [
    `${count(total, 'orphan')}, ${fresh} of them new: tasks that no job owns\n`,
    renderTable(['TASK', 'MODEL', 'FIRST SEEN', 'ABOUT', 'MAY BE OF'], rows),
    'take one over: pollux jobs adopt <account/model> <task>; for a held job: pollux jobs resolve <job> --adopt <task>\n',
  ].join('');
}

function describeOwner({ submission, mayBelongTo }: ReportedOrphan): string {
  const owners = submission === null ? mayBelongTo : [submission];
  return owners.map(({ jobId, number }) => `${jobId} (${number})`).join(', ');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
