import type { Artifact } from '../../core/job.ts';
import type { RunState } from '../../core/job-runs.ts';
import type {
  DecisionEntry,
  EntryRecord,
  JobRecord,
  OrphanRecord,
  SubmissionRecord,
} from '../../core/ledger.ts';
import type { AuditPorts } from './ports.ts';

/** Everything the ledger holds about one job, and where its workflow stands. */
export interface JobFacts {
  readonly job: JobRecord;
  /** By number. */
  readonly submissions: readonly SubmissionRecord[];
  readonly entries: readonly EntryRecord[];
  readonly artifacts: readonly Artifact[];
  readonly decisions: readonly DecisionEntry[];
  /** Tasks that a late answer of this job named. */
  readonly orphans: readonly OrphanRecord[];
  /** Asked once, when it is first wanted. */
  readonly run: () => Promise<RunState>;
}

/** The facts of one job, read now. `undefined` where the ledger does not know it. */
export async function readJobFacts(
  ports: AuditPorts,
  jobId: string,
): Promise<JobFacts | undefined> {
  const { ledger } = ports;
  const job = await ledger.job(jobId);
  if (job === undefined) return undefined;
  const [submissions, entries, artifacts, decisions, orphans] = await Promise.all([
    ledger.submissions(jobId),
    ledger.entries(jobId),
    ledger.artifacts(jobId),
    ledger.decisions(jobId),
    ledger.orphans(),
  ]);
  return {
    job,
    submissions,
    entries,
    artifacts,
    decisions,
    orphans: orphans.filter(({ submission }) => submission?.jobId === jobId),
    run: once(() => ports.runs.state(jobId)),
  };
}

/** The facts of every job, newest first. Parts of one job may be read at different moments. */
export async function* readAllJobFacts(ports: AuditPorts): AsyncGenerator<JobFacts> {
  const { ledger } = ports;
  const jobs = await ledger.jobs({});
  const submissions = groupBy(await ledger.allSubmissions({}), ({ jobId }) => jobId);
  const decisions = groupBy(await ledger.decisions(), ({ jobId }) => jobId);
  const orphans = groupBy(await ledger.orphans(), ({ submission }) => submission?.jobId ?? '');
  for (const job of jobs) {
    const { jobId } = job;
    yield {
      job,
      submissions: submissions.get(jobId) ?? [],
      entries: await ledger.entries(jobId),
      artifacts: await ledger.artifacts(jobId),
      decisions: decisions.get(jobId) ?? [],
      orphans: orphans.get(jobId) ?? [],
      run: once(() => ports.runs.state(jobId)),
    };
  }
}

/** The submission that the job stands on now. */
export function currentSubmission({ job, submissions }: JobFacts): SubmissionRecord | undefined {
  return submissions.find(({ number }) => number === job.currentNumber);
}

function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function once<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let answer: Promise<Result> | undefined;
  return () => (answer ??= ask());
}
