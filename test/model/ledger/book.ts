import type { BatchBudget } from '../../../src/core/batch-book.ts';
import type { DurationKey, ObservedDuration } from '../../../src/core/durations.ts';
import { LedgerError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { canonicalJson } from '../../../src/core/json.ts';
import type { Artifact } from '../../../src/core/job.ts';
import type {
  DecisionEntry,
  DecisionKind,
  DiscrepancyEntry,
  EntryRecord,
  JobRecord,
  OrphanRecord,
  SubmissionId,
  SubmissionRecord,
} from '../../../src/core/ledger.ts';
import type { DecisionRecord } from '../../../src/core/job.ts';
import type { AccountPause, MonthTotal } from '../../../src/core/money-book.ts';
import type { Rank } from '../../../src/core/places.ts';
import { toBookedTime } from './money-book.ts';

/** A job that was told to wait for a place. */
export interface Waiter {
  readonly jobId: string;
  readonly account: string;
  readonly tenant: string | null;
  readonly rank: Rank;
  readonly since: string;
  readonly until: string;
}

export interface KeptDuration extends DurationKey, ObservedDuration {
  readonly id: string;
  readonly at: string;
}

/** A change of a submission's state, as it was written: what the checker reads for stickiness. */
export interface Transition extends SubmissionId {
  readonly atMs: number;
  readonly from: SubmissionRecord | undefined;
  readonly to: SubmissionRecord;
}

export const TASK_CLAIMED_BY_REPLY = 'task_claimed_by_reply';
export const UNPROVED_BILLING = 'unproved_billing';

export const idOf = ({ jobId, number }: SubmissionId): SubmissionId => ({ jobId, number });
const keyOf = ({ jobId, number }: SubmissionId): string => `${jobId}#${number}`;

/** The rows of the ledger and how they are found. Rows are replaced, never changed, so that a reader keeps what it read. */
export class Book {
  readonly jobs: Map<string, JobRecord> = new Map();
  readonly pauses: Map<string, AccountPause> = new Map();
  readonly waiters: Map<string, Waiter> = new Map();
  readonly durations: Map<string, KeptDuration> = new Map();
  readonly batchBudgets: Map<string, BatchBudget> = new Map();
  readonly monthTotals: MonthTotal[] = [];
  /** The last month that takes no entry any more. */
  closedMonth: string | undefined;
  readonly artifacts: Map<string, readonly (SubmissionId & { readonly artifact: Artifact })[]> =
    new Map();
  readonly orphans: Map<string, OrphanRecord> = new Map();
  readonly decisions: Map<string, DecisionEntry> = new Map();
  readonly discrepancies: Map<string, DiscrepancyEntry> = new Map();
  /** What was written, in order; never read by product code. */
  readonly transitions: Transition[] = [];
  readonly ends: JobRecord[] = [];
  readonly #submissions = new Map<string, SubmissionRecord>();
  readonly #armings = new Map<string, string>();
  readonly #entries = new Map<string, readonly EntryRecord[]>();
  readonly #owners = new Map<string, SubmissionId>();

  requireJob(jobId: string): JobRecord {
    const job = this.jobs.get(jobId);
    if (job !== undefined) return job;
    throw new LedgerError('ledger.conflict', `job ${jobId} is not in the ledger; open it first`, {
      details: { jobId },
    });
  }

  putJob(job: JobRecord): void {
    const before = this.jobs.get(job.jobId);
    if (before?.end !== job.end) this.ends.push(job);
    this.jobs.set(job.jobId, job);
  }

  /** Takes back a job that was put last and refused. */
  removeJob(jobId: string): void {
    this.jobs.delete(jobId);
    this.ends.pop();
  }

  find(id: SubmissionId): SubmissionRecord | undefined {
    return this.#submissions.get(keyOf(id));
  }

  /** The attempt that armed a submission. */
  armingOf(id: SubmissionId): string | undefined {
    return this.#armings.get(keyOf(id));
  }

  setArming(id: SubmissionId, armingId: string): void {
    this.#armings.set(keyOf(id), armingId);
  }

  require(id: SubmissionId): SubmissionRecord {
    const row = this.find(id);
    if (row !== undefined) return row;
    throw conflict(id, 'is not in the ledger; admit it with openJob first');
  }

  /** In the order in which they were written. */
  allSubmissions(): readonly SubmissionRecord[] {
    return [...this.#submissions.values()];
  }

  submissionsOf(jobId: string): readonly SubmissionRecord[] {
    const rows: SubmissionRecord[] = [];
    for (let number = 1; ; number += 1) {
      const row = this.find({ jobId, number });
      if (row === undefined) return rows;
      rows.push(row);
    }
  }

  put(row: SubmissionRecord): SubmissionRecord {
    const before = this.find(row);
    if (before !== undefined && before.taskId !== null && before.taskId !== row.taskId) {
      this.#owners.delete(`${row.realm} ${before.taskId}`);
    }
    if (row.taskId !== null) this.#owners.set(`${row.realm} ${row.taskId}`, idOf(row));
    this.#submissions.set(keyOf(row), row);
    this.transitions.push({ ...idOf(row), atMs: Date.now(), from: before, to: row });
    return row;
  }

  change(id: SubmissionId, changes: Partial<SubmissionRecord>): SubmissionRecord {
    return this.put({ ...this.require(id), ...changes });
  }

  /** Frees the place. A submission that has ended keeps its first reason and time. */
  endSubmission(id: SubmissionId, endedReason: string, endedAt: string): void {
    if (this.require(id).endedAt === null) this.change(id, { endedReason, endedAt });
  }

  isCurrent(row: SubmissionRecord): boolean {
    return row.endedAt === null && row.number === this.requireJob(row.jobId).currentNumber;
  }

  ownerOf(realm: string, taskId: string): SubmissionRecord | undefined {
    const owner = this.#owners.get(`${realm} ${taskId}`);
    return owner === undefined ? undefined : this.find(owner);
  }

  entriesOf(id: SubmissionId): readonly EntryRecord[] {
    return this.#entries.get(keyOf(id)) ?? [];
  }

  addEntry(entry: EntryRecord): void {
    const at = toBookedTime(this, entry.at);
    this.#entries.set(keyOf(entry), [...this.entriesOf(entry), { ...entry, at }]);
  }

  isDecided(jobId: string, kind: DecisionKind, { id }: DecisionRecord): boolean {
    const known = this.decisions.get(id);
    if (known === undefined) return false;
    if (known.jobId === jobId && known.kind === kind) return true;
    throw new LedgerError('ledger.conflict', `decision ${id} stands for another decision`, {
      details: { decisionId: id, jobId },
    });
  }

  decide(submission: SubmissionId, kind: DecisionKind, decision: DecisionRecord, at: string): void {
    const { id, author, reason } = decision;
    this.decisions.set(id, { ...idOf(submission), id, kind, author, reason, at });
  }

  /** True for a submission that a rerun took up as it was; one that it opened was made at its moment. */
  isTakenUpAgain(row: SubmissionRecord): boolean {
    return [...this.decisions.values()].some(
      ({ kind, jobId, number, at }) =>
        kind === 'rerun' && jobId === row.jobId && number === row.number && at !== row.createdAt,
    );
  }

  disagree(submission: SubmissionId, kind: string, facts: JsonObject, at: string): void {
    const { jobId, number } = submission;
    const key = canonicalJson([jobId, number, kind, facts]);
    if (this.discrepancies.has(key)) return;
    this.discrepancies.set(key, { jobId, number, kind, facts, at });
  }

  hasLostItsTask(id: SubmissionId): boolean {
    return [...this.discrepancies.values()].some(
      (one) =>
        one.kind === TASK_CLAIMED_BY_REPLY && one.jobId === id.jobId && one.number === id.number,
    );
  }

  removeOrphan(realm: string, taskId: string): void {
    this.orphans.delete(`${realm} ${taskId}`);
  }

  putOrphan(orphan: OrphanRecord): void {
    const key = `${orphan.realm} ${orphan.taskId}`;
    const known = this.orphans.get(key);
    if (known === undefined) this.orphans.set(key, orphan);
    else if (known.submission === null && orphan.submission !== null) {
      this.orphans.set(key, { ...known, submission: orphan.submission });
    }
  }
}

export function conflict(id: SubmissionId, what: string, details: JsonObject = {}): LedgerError {
  return new LedgerError('ledger.conflict', `submission ${id.number} of job ${id.jobId} ${what}`, {
    details: { ...details, ...idOf(id) },
  });
}
