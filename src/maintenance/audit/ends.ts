import { toIsoTime } from '../../core/clock.ts';
import type { EndStatus } from '../../core/job.ts';
import type { RunState } from '../../core/job-runs.ts';
import { timingOf } from '../timing-of.ts';
import type { JobFacts } from './job-facts.ts';
import { currentSubmission } from './job-facts.ts';
import type { JobRule } from './job-rules.ts';
import { NOT_CONCERNED } from './job-rules.ts';
import type { AuditContext } from './ports.ts';

const GRACE_MS = 15 * 60_000;
/** An operator may extend a task's life by a week at a time, and the ledger does not say so. */
const EXTENSION_MS = 7 * 24 * 3_600_000;

/** I3. */
export const noHang: JobRule = {
  invariant: 'I3',
  look: async (facts, context) => {
    const { job } = facts;
    if (job.endedAt !== null) return NOT_CONCERNED;
    const run = await facts.run();
    if (run.kind !== 'running') return { checked: 1, violations: [describeGone(job.jobId, run)] };
    const deadlineMs = deadlineOf(facts, context);
    if (deadlineMs === 'held' || context.ports.clock() <= deadlineMs) {
      return { checked: 1, violations: [] };
    }
    const deadline = toIsoTime(deadlineMs);
    return { checked: 1, violations: [`job ${job.jobId} has been running past ${deadline}`] };
  },
};

function describeGone(jobId: string, run: Exclude<RunState, { kind: 'running' }>): string {
  const state = run.kind === 'missing' ? 'gone' : run.how;
  const advice = state === 'completed' ? 'compare both' : '`pollux sweep` runs it again';
  return `job ${jobId} is open in the ledger and its workflow is ${state}; ${advice}`;
}

/** When an open job must have come to its end or a hold. */
function deadlineOf(facts: JobFacts, { ports }: AuditContext): number | 'held' {
  const { job } = facts;
  const timing = timingOf(ports.accounts, job.account, job.model);
  const current = currentSubmission(facts);
  if (current?.state === 'unknown') return 'held';
  if (current?.state === 'accepted') {
    const times = [current.armedAt ?? current.createdAt, ...rerunsOf(facts)].map((at) =>
      Date.parse(at),
    );
    const livesMs = (timing.taskLifeSeconds + timing.urlLifeSeconds) * 1000;
    return Math.max(...times) + livesMs + EXTENSION_MS + GRACE_MS;
  }
  const sinceMs = Date.parse(current?.createdAt ?? job.createdAt);
  return sinceMs + timing.giveUpSeconds * 1000 + GRACE_MS;
}

/** A job that is run again takes up its task where it was, however long ago that began. */
function rerunsOf({ decisions }: JobFacts): readonly string[] {
  return decisions.filter(({ kind }) => kind === 'rerun').map(({ at }) => at);
}

/** I6. */
export const endsAreFinal: JobRule = {
  invariant: 'I6',
  look: async (facts) => {
    const { job, submissions } = facts;
    const name = `job ${job.jobId}`;
    const violations = submissions
      .filter(({ number, endedAt }) => number < job.currentNumber && endedAt === null)
      .map(
        ({ number }) =>
          `${name}: submission ${number} is open, although ${job.currentNumber} is current`,
      );
    if (job.endedAt === null) return { checked: 1, violations };

    if (job.end === null || job.result === null)
      violations.push(`${name} has ended without an end`);
    else if (job.result.status !== job.end) {
      violations.push(`${name} ended ${job.end}, and its result says ${job.result.status}`);
    }
    const open = submissions.filter(
      ({ number, endedAt }) => number === job.currentNumber && endedAt === null,
    );
    if (open.length > 0)
      violations.push(`${name} has ended and submission ${job.currentNumber} is open`);
    if (job.end !== null) violations.push(...judgeClosing(name, job.end, await facts.run()));
    return { checked: 1, violations };
  },
};

const CLOSED_AS: Readonly<Partial<Record<string, readonly EndStatus[]>>> = {
  completed: ['succeeded', 'cancelled'],
  failed: ['failed', 'expired'],
  cancelled: ['cancelled'],
};

/** A workflow that was terminated says nothing of its own, and one that runs is a rerun that has not been admitted yet. */
function judgeClosing(name: string, end: EndStatus, run: RunState): readonly string[] {
  const expected = run.kind === 'closed' ? CLOSED_AS[run.how] : undefined;
  if (run.kind !== 'closed' || expected === undefined || expected.includes(end)) return [];
  return [`${name} ended ${end} in the ledger, and its workflow ${run.how}`];
}
