import { timingOf } from '../timing-of.ts';
import type { JobFacts } from './job-facts.ts';
import type { JobRule } from './job-rules.ts';
import type { AuditContext } from './ports.ts';

/** I8. A callback's word is confirmed by a reading, and only a reading says that a task succeeded. */
export const onlyReadingsTell: JobRule = {
  invariant: 'I8',
  look: ({ job, submissions }) => {
    const violations = submissions
      .filter(({ source, snapshot }) => source === 'callback' && snapshot === null)
      .map(
        ({ number, taskId }) =>
          `submission ${number} of job ${job.jobId} took task ${taskId ?? ''} from a callback without reading it`,
      );
    const wasRead = submissions.some(
      ({ endedReason, snapshot }) =>
        endedReason === 'succeeded' || snapshot?.status === 'succeeded',
    );
    if (job.end === 'succeeded' && !wasRead) {
      violations.push(`job ${job.jobId} succeeded and no reading of its task says so`);
    }
    return { checked: submissions.length, violations };
  },
};

const MAX_HISTORY_LENGTH = 1_000;
/** Readings that messages ask for come on top of the schedule's own, each at most once in the shortest interval. */
const READINGS_PER_INTERVAL = 2.5;
const FEW = 12;
/** Submissions that are repeated come at most so often in the end. */
const LONGEST_BACKOFF_SECONDS = 300;

/** I9, as far as our own records tell. */
export const effortIsBounded: JobRule = {
  invariant: 'I9',
  look: async (facts, context) => {
    const { job } = facts;
    const violations = [...judgeSubmissions(facts, context), ...judgePolls(facts, context)];
    const run = job.endedAt === null ? await facts.run() : undefined;
    if (run?.kind === 'running' && run.historyLength >= MAX_HISTORY_LENGTH) {
      violations.push(
        `job ${job.jobId}: its workflow has ${run.historyLength} events, and ${MAX_HISTORY_LENGTH} are too many`,
      );
    }
    return { checked: 1, violations };
  },
};

function judgeSubmissions(
  { job, submissions, decisions }: JobFacts,
  { ports }: AuditContext,
): string[] {
  const { giveUpSeconds } = timingOf(ports.accounts, job.account, job.model);
  const perRun = FEW + Math.ceil(giveUpSeconds / LONGEST_BACKOFF_SECONDS);
  const most = perRun * (1 + decisions.length);
  if (submissions.length <= most) return [];
  return [
    `job ${job.jobId} has ${submissions.length} submissions, and ${most} are the most there can be`,
  ];
}

function judgePolls({ job }: JobFacts, { ports }: AuditContext): string[] {
  const { result } = job;
  if (result?.finishedAt === null || result === null) return [];
  const { minPollSeconds } = timingOf(ports.accounts, job.account, job.model);
  const seconds = (Date.parse(result.finishedAt) - Date.parse(job.createdAt)) / 1000;
  const most = FEW + Math.ceil((seconds / minPollSeconds) * READINGS_PER_INTERVAL);
  if (result.polls <= most) return [];
  return [
    `job ${job.jobId} read its task ${result.polls} times in ${Math.round(seconds)} s, and ${most} are the most by the account's present timing`,
  ];
}
