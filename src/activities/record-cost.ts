import { judgeBilling } from '../core/billing.ts';
import { toIsoTime } from '../core/clock.ts';
import { isMediaJobError, LedgerError } from '../core/errors.ts';
import type { Cost } from '../core/job.ts';
import type { SubmissionId, SubmissionRecord } from '../core/ledger.ts';
import type { Quote } from '../core/money.ts';
import type { Snapshot } from '../core/provider.ts';
import { requireAccount } from './account-of.ts';
import type { ActivityPorts } from './ports.ts';
import type { AcceptedTask } from './submission-view.ts';

export interface RecordCostStep extends SubmissionId {
  readonly task: AcceptedTask;
  /** The terminal reading; absent where the task's life ended unseen. */
  readonly end?: Snapshot;
  readonly quote: Quote | null;
  /** How long the task took; absent where nobody watched it. */
  readonly took?: TaskTime;
}

/** When a task was armed, last seen unfinished and seen at its end. Milliseconds since 1970. */
export interface TaskTime {
  readonly variant: string;
  readonly armedAtMs: number;
  readonly unfinishedAtMs: number;
  readonly finishedAtMs: number;
}

export type BookedCost =
  | { readonly kind: 'booked'; readonly cost: Cost | null }
  /** The reply of another submission has claimed the task meanwhile: this one does not hold it, nothing was booked. */
  | { readonly kind: 'taken'; readonly reason: string };

/**
 * Books what the end of the task means for its money and frees the submission's place.
 *
 * An acceptance that could not be written when it happened is written first, from the step itself.
 * Run twice: the second run finds the entry and returns it. Throws `ledger.unavailable`, `ledger.conflict`.
 */
export async function recordCost(ports: ActivityPorts, step: RecordCostStep): Promise<BookedCost> {
  const { jobId, number, task, quote } = step;
  const at = toIsoTime(ports.clock());
  const [row] = (await ports.ledger.submissions(jobId)).filter((one) => one.number === number);
  if (row !== undefined && UNWRITTEN.has(row.state)) {
    // An acceptance that the ledger could not take came from the reply; an unknown row has lost its claim, if it had one.
    const source = row.state === 'unknown' ? 'input' : 'reply';
    const record = { outcome: 'accepted', ...task, source } as const;
    const recorded = await ports.ledger.recordOutcome({ jobId, number }, record, at);
    if (recorded.kind === 'orphaned') throw notItsOwn(step);
    if (recorded.kind === 'taken') return taken(recorded.owner);
  }
  try {
    const verdict = judgeBilling(step.end);
    const price = quote ?? (await billOf(ports, step));
    const cost = await ports.ledger.recordCost({ jobId, number }, { ...verdict, quote: price }, at);
    await learn(ports, step, row);
    return { kind: 'booked', cost };
  } catch (error) {
    const isTaken =
      isMediaJobError(error) &&
      error.code === 'ledger.conflict' &&
      error.details['reason'] === 'task_taken';
    if (!isTaken) throw error;
    return { kind: 'taken', reason: error.message };
  }
}

/** Keeps how long a task took that succeeded. */
async function learn(
  { durations }: ActivityPorts,
  { jobId, number, end, took }: RecordCostStep,
  row: SubmissionRecord | undefined,
): Promise<void> {
  if (end?.status !== 'succeeded' || took === undefined || row === undefined) return;
  const { variant, armedAtMs, unfinishedAtMs, finishedAtMs } = took;
  const unfinishedSeconds = toSeconds(unfinishedAtMs - armedAtMs);
  const observed = {
    unfinishedSeconds,
    finishedSeconds: Math.max(unfinishedSeconds, toSeconds(finishedAtMs - armedAtMs)),
  };
  const { account, model } = row;
  await durations.learn({ jobId, number }, { account, model, variant }, observed);
}

function toSeconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds)) / 1000;
}

/** What a task without a quote cost by what the provider printed of it, e.g. tokens; `null` where nothing tells. */
async function billOf(ports: ActivityPorts, { jobId, end }: RecordCostStep): Promise<Quote | null> {
  if (end?.status !== 'succeeded') return null;
  const job = await ports.ledger.job(jobId);
  if (job === undefined || job.input === null) return null;
  const { provider } = requireAccount(ports, job.account);
  const request = { ...job.input.request, model: job.model };
  return provider.bill?.(request, end) ?? null;
}

const UNWRITTEN: ReadonlySet<string> = new Set(['admitted', 'armed', 'unknown']);

function taken({ jobId, number }: SubmissionId): BookedCost {
  return { kind: 'taken', reason: `the task is held by submission ${number} of job ${jobId}` };
}

function notItsOwn({ jobId, number, task }: RecordCostStep): LedgerError {
  return new LedgerError(
    'ledger.conflict',
    `task ${task.taskId} does not belong to submission ${number} of job ${jobId}; it is in the orphans`,
    { details: { taskId: task.taskId, number } },
  );
}
