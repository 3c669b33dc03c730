import { NOT_LIVE } from '../core/job.ts';
import type { Cost, CostState, JobState, StateChange } from '../core/job.ts';
import type {
  EntryKind,
  EntryRecord,
  JobRecord,
  Ledger,
  SubmissionRecord,
} from '../core/ledger.ts';
import { toMicros } from '../core/money.ts';

/** A job as the ledger knows it: for jobs that Temporal has forgotten or lost. */
export async function readRecordedState(
  ledger: Ledger,
  jobId: string,
): Promise<JobState | undefined> {
  const record = await ledger.job(jobId);
  if (record === undefined) return undefined;
  const history = toHistory(record);
  const entries = await ledger.entries(jobId);
  const cost = toCost(entries.filter(({ number }) => number === record.currentNumber));
  // Money that was settled after the end is in the entries only.
  if (record.result !== null) return { ...record.result, cost, ...NOT_LIVE, history };
  const [submissions, artifacts] = await Promise.all([
    ledger.submissions(jobId),
    ledger.artifacts(jobId),
  ]);
  const current = submissions.find(({ number }) => number === record.currentNumber);
  return {
    jobId,
    status: toStatus(current),
    account: record.account,
    provider: record.provider,
    model: record.model,
    taskId: current?.taskId ?? null,
    submissions: submissions.length,
    polls: 0,
    artifacts,
    cost,
    error: current?.error ?? null,
    hold: null,
    startedAt: record.createdAt,
    finishedAt: null,
    ...NOT_LIVE,
    history,
  };
}

function toStatus(submission: SubmissionRecord | undefined): JobState['status'] {
  switch (submission?.state) {
    case undefined:
      return 'opening';
    case 'admitted':
    case 'armed':
    case 'rejected':
      return 'submitting';
    case 'unknown':
      return 'held';
    case 'accepted':
      return 'running';
  }
}

const COST_STATES: Readonly<Record<Exclude<EntryKind, 'adjust'>, CostState>> = {
  reserve: 'reserved',
  charge: 'charged',
  release: 'released',
  unknown: 'unknown',
};

/** The latest of reserve, unknown, charge and release, plus adjusts. */
function toCost(entries: readonly EntryRecord[]): Cost | null {
  let cost: Cost | null = null;
  let adjusted = 0n;
  for (const { kind, currency, micros, basis, estimated } of entries) {
    if (kind === 'adjust') {
      adjusted += toMicros(micros);
      continue;
    }
    const state = kind === 'charge' && estimated ? 'estimated' : COST_STATES[kind];
    cost = { currency, micros, basis, state };
  }
  if (cost === null || adjusted === 0n) return cost;
  return { ...cost, micros: (toMicros(cost.micros) + adjusted).toString(), state: 'charged' };
}

function toHistory({ createdAt, endedAt, end }: JobRecord): readonly StateChange[] {
  const opened: StateChange = { at: createdAt, status: 'opening', note: 'written to the ledger' };
  if (endedAt === null || end === null) return [opened];
  return [opened, { at: endedAt, status: end, note: 'closed in the ledger' }];
}
