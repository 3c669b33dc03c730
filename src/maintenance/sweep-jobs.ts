import type { AccountDirectory } from '../core/accounts.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { JobRuns, RunState } from '../core/job-runs.ts';
import type { JobRecord, Ledger } from '../core/ledger.ts';
import { eachLimited } from './each-limited.ts';

export interface JobPorts {
  readonly accounts: AccountDirectory;
  readonly ledger: Pick<Ledger, 'job' | 'jobs'>;
  readonly runs: JobRuns;
}

export interface RestartedJob {
  readonly jobId: string;
  /** How its last workflow ended; `missing`: Temporal knows none. */
  readonly lastRun: string;
}

/** What the sweep cannot put right by itself. */
export interface SweepProblem {
  /** e.g. `job shot-7`, `realm nexusflow`. */
  readonly subject: string;
  readonly message: string;
}

export interface JobFindings {
  readonly open: number;
  readonly restarted: readonly RestartedJob[];
  readonly problems: readonly SweepProblem[];
}

type Looked = RestartedJob | SweepProblem | undefined;

/** Runs every job again that is open in the ledger and whose workflow is gone. One that runs is left alone. */
export async function sweepJobs(
  ports: JobPorts,
  concurrency: number,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<JobFindings> {
  const open = await ports.ledger.jobs({ status: 'open' });
  const restarted: RestartedJob[] = [];
  const problems: SweepProblem[] = [];
  let done = 0;
  await eachLimited(open, concurrency, signal, async ({ jobId }) => {
    const looked = await lookAfter(ports, jobId);
    if (looked !== undefined && 'lastRun' in looked) restarted.push(looked);
    else if (looked !== undefined) problems.push(looked);
    done += 1;
    onProgress(done, open.length);
  });
  return { open: open.length, restarted, problems };
}

async function lookAfter(ports: JobPorts, jobId: string): Promise<Looked> {
  const run = await ports.runs.state(jobId);
  if (run.kind === 'running') return undefined;
  // A job may have ended between the two looks: then its workflow closed because of that.
  const job = await ports.ledger.job(jobId);
  if (job === undefined || job.endedAt !== null) return undefined;
  return await runAgain(ports, job, run);
}

async function runAgain(
  { accounts, runs }: JobPorts,
  { jobId, input, account }: JobRecord,
  run: Exclude<RunState, { kind: 'running' }>,
): Promise<Looked> {
  const lastRun = run.kind === 'missing' ? 'missing' : run.how;
  if (lastRun === 'completed' || lastRun === 'other') {
    return problem(jobId, `its workflow is ${lastRun}, yet the ledger holds it open; compare both`);
  }
  if (input === null) {
    return problem(
      jobId,
      'its workflow is gone and the ledger does not hold its input, because an earlier release opened it; start it again with its first request and the same job id',
    );
  }
  if (!accounts.has(account)) {
    return problem(
      jobId,
      `its workflow is gone and account ${account} is no longer configured; put it back`,
    );
  }
  try {
    const answer = await runs.startAgain(jobId, input);
    return answer === 'started' ? { jobId, lastRun } : undefined;
  } catch (error) {
    if (!isMediaJobError(error) || !error.code.startsWith('request.')) throw error;
    return problem(jobId, `its workflow is gone and it cannot be run again: ${error.message}`);
  }
}

function problem(jobId: string, message: string): SweepProblem {
  return { subject: `job ${jobId}`, message };
}
