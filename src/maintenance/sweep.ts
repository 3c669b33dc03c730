import type { AccountDirectory } from '../core/accounts.ts';
import type { ArtifactStore } from '../core/artifact-store.ts';
import type { Clock } from '../core/clock.ts';
import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { JobRuns } from '../core/job-runs.ts';
import type { Ledger, OrphanRecord, SubmissionId, SubmissionRecord } from '../core/ledger.ts';
import type { Logger } from '../core/logger.ts';
import type { Bounded } from './bounded.ts';
import { toBounded } from './bounded.ts';
import { eachLimited } from './each-limited.ts';
import { exclusiveRealms } from './realms.ts';
import type { RestartedJob, SweepProblem } from './sweep-jobs.ts';
import { sweepJobs } from './sweep-jobs.ts';
import type { RealmFindings, RealmReport, UndecidedTask } from './sweep-realm.ts';
import { sweepRealm } from './sweep-realm.ts';

export interface SweepPorts {
  readonly accounts: AccountDirectory;
  readonly ledger: Pick<
    Ledger,
    'allSubmissions' | 'job' | 'jobs' | 'orphans' | 'ownersOf' | 'recordOrphan'
  >;
  readonly runs: JobRuns;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: temporaries are not looked at. */
  readonly store?: Pick<ArtifactStore, 'sweep'>;
}

export interface SweepOptions {
  /** Ends the sweep early; what it did stays done. */
  readonly signal?: AbortSignal;
  /** How many workflows are looked at at once. Default 16. */
  readonly concurrency?: number;
}

export interface SweepProgress {
  readonly step: 'realms' | 'jobs' | 'holds';
  readonly done: number;
  readonly total: number;
}

export interface ReportedOrphan extends OrphanRecord {
  /** True: this sweep found it. */
  readonly isNew: boolean;
  /** Held jobs whose lost task it may be. */
  readonly mayBelongTo: readonly SubmissionId[];
}

/** What a sweep found and did. JSON-plain. */
export interface SweepReport {
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly finishedAt: string;
  readonly realms: readonly RealmReport[];
  /** All that the ledger holds, new ones first. */
  readonly orphans: Bounded<ReportedOrphan>;
  readonly newOrphans: number;
  /** Listed tasks that may belong to a submission on its way; the next sweep knows more. */
  readonly undecided: Bounded<UndecidedTask>;
  readonly openJobs: number;
  /** Jobs that were run again, because their workflow was gone. */
  readonly restarted: Bounded<RestartedJob>;
  /** Held submissions that look at the provider's list again. */
  readonly notified: Bounded<SubmissionId>;
  readonly problems: Bounded<SweepProblem>;
  /** Removed temporaries of transfers that never ended; `null` where none were looked for. */
  readonly staleTemporaries: number | null;
}

const DEFAULT_CONCURRENCY = 16;
/** A temporary that old belongs to a transfer that never ended. */
export const STALE_TEMPORARY_MS: number = 24 * 3_600_000;
/** A held job that has been woken to here learns nothing from being woken once more: a person decides. */
const MAX_WOKEN_HISTORY = 300;

/**
 * Looks after what no running workflow looks after: tasks in exclusive realms that no job owns are recorded as orphans,
 * jobs whose workflow was terminated, deleted or lost are run again, held jobs whose task may have turned up are woken,
 * temporaries that nobody will publish are removed.
 *
 * A realm that cannot be listed is reported, and the others go on. Run twice: the second finds nothing new.
 * Throws `ledger.unavailable`, `temporal.unavailable`.
 */
export async function sweep(
  ports: SweepPorts,
  options: SweepOptions = {},
  onProgress: (progress: SweepProgress) => void = () => undefined,
): Promise<SweepReport> {
  const { signal = new AbortController().signal, concurrency = DEFAULT_CONCURRENCY } = options;
  const startedAt = toIsoTime(ports.clock());
  const realms = await sweepRealms(ports, signal, onProgress);
  const jobs = await sweepJobs(ports, concurrency, signal, (done, total) =>
    onProgress({ step: 'jobs', done, total }),
  );
  const held = realms.flatMap(({ candidatesFor }) => candidatesFor);
  const notified = await wake(ports, held, concurrency, signal, onProgress);
  const temporaries = await sweepTemporaries(ports);
  const orphans = toReportedOrphans(await ports.ledger.orphans(), realms, held);
  const problems = [...jobs.problems, ...temporaries.problems];
  return {
    startedAt,
    finishedAt: toIsoTime(ports.clock()),
    realms: realms.map(({ report }) => report),
    orphans: toBounded(orphans),
    newOrphans: orphans.filter(({ isNew }) => isNew).length,
    undecided: toBounded(realms.flatMap(({ undecided }) => undecided)),
    openJobs: jobs.open,
    restarted: toBounded(jobs.restarted),
    notified: toBounded(notified),
    problems: toBounded(problems),
    staleTemporaries: temporaries.removed,
  };
}

async function sweepRealms(
  ports: SweepPorts,
  signal: AbortSignal,
  onProgress: (progress: SweepProgress) => void,
): Promise<readonly RealmFindings[]> {
  const realms = exclusiveRealms(ports.accounts);
  const findings: RealmFindings[] = [];
  for (const realm of realms) {
    signal.throwIfAborted();
    findings.push(await sweepRealm(ports, realm, signal));
    onProgress({ step: 'realms', done: findings.length, total: realms.length });
  }
  return findings;
}

/** Each of them reads the list again; adopting is the job's own business. */
async function wake(
  { runs }: SweepPorts,
  held: readonly SubmissionRecord[],
  concurrency: number,
  signal: AbortSignal,
  onProgress: (progress: SweepProgress) => void,
): Promise<readonly SubmissionId[]> {
  const woken: SubmissionId[] = [];
  let done = 0;
  await eachLimited(held, concurrency, signal, async ({ jobId, number }) => {
    const run = await runs.state(jobId);
    const isWorthIt = run.kind === 'running' && run.historyLength < MAX_WOKEN_HISTORY;
    if (isWorthIt && (await runs.notify(jobId, number))) woken.push({ jobId, number });
    done += 1;
    onProgress({ step: 'holds', done, total: held.length });
  });
  return woken;
}

async function sweepTemporaries({
  store,
}: SweepPorts): Promise<{ removed: number | null; problems: readonly SweepProblem[] }> {
  if (store === undefined) return { removed: null, problems: [] };
  try {
    return { removed: await store.sweep(STALE_TEMPORARY_MS), problems: [] };
  } catch (error) {
    if (!isMediaJobError(error)) throw error;
    return { removed: null, problems: [{ subject: 'storage', message: error.message }] };
  }
}

function toReportedOrphans(
  orphans: readonly OrphanRecord[],
  realms: readonly RealmFindings[],
  held: readonly SubmissionRecord[],
): readonly ReportedOrphan[] {
  const fresh = new Set(
    realms.flatMap(({ newOrphans }) => newOrphans.map(({ realm, taskId }) => `${realm} ${taskId}`)),
  );
  const reported = orphans.map((orphan) => ({
    ...orphan,
    isNew: fresh.has(`${orphan.realm} ${orphan.taskId}`),
    mayBelongTo: held
      .filter(({ realm, model }) => realm === orphan.realm && model === orphan.model)
      .map(({ jobId, number }) => ({ jobId, number })),
  }));
  return [...reported.filter(({ isNew }) => isNew), ...reported.filter(({ isNew }) => !isNew)];
}
