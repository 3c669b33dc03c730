import type { Budget } from './budget.ts';
import type { BatchBook } from './batch-book.ts';
import type { DurationBook } from './durations.ts';
import type { ErrorReport } from './errors.ts';
import type { Artifact, Cost, DecisionRecord, EndStatus, JobInput, JobResult } from './job.ts';
import type { JsonObject } from './json.ts';
import type { Currency, Money, Quote } from './money.ts';
import type { EntryRecord, SubmissionId } from './ledger-records.ts';
import type { AccountPause, MoneyBook } from './money-book.ts';
import type { Rank } from './places.ts';
import type { Operation, Snapshot, SubmitEvidence } from './provider.ts';

export type { EntryKind, EntryRecord, SubmissionId } from './ledger-records.ts';

/**
 * The book of record. It outlives Temporal's retention, and nothing is bought that is not written here first.
 *
 * Laws, checked by the ledger contract suite:
 * - Every member is one transaction, and may be run twice: the second run changes nothing and returns the same facts.
 * - A submission that has left `admitted` never returns to it; one with an outcome keeps it.
 * - Entries are append-only; (job, number, kind, sequence) is unique, and only `adjust` repeats.
 * - (realm, task id) belongs to one submission; an id from the POST's own reply takes it from one that was inferred.
 * - Trouble reaching or writing the database is `ledger.unavailable`.
 */
export interface Ledger extends MoneyBook, DurationBook, BatchBook {
  /**
   * Writes the job if it is new and admits submission `number`, or says how far the job has come. `request.conflict`;
   * `request.over_budget` for a new reservation that does not fit, with limit, spent, reserved, unknown and asked as details.
   */
  openJob(request: OpenJobRequest): Promise<Admission>;
  /** `admitted` → `armed`: the one permission to send one POST. */
  arm(submission: SubmissionId, facts: ArmFacts): Promise<ArmAnswer>;
  /** True while the submission is armed by this worker and its number is the job's current one. The last look before the wire. */
  maySend(submission: SubmissionId, worker: string): Promise<boolean>;
  /**
   * Writes what became of a submission. One that has an outcome keeps it; a task whose number is no longer current is an
   * orphan; a task that another submission holds by a claim at least as good stays there.
   */
  recordOutcome(
    submission: SubmissionId,
    outcome: OutcomeRecord,
    at: string,
  ): Promise<RecordedOutcome>;
  /**
   * First step of reconcile: a row that is `admitted` or missing becomes rejected (`not_sent`), so that a late worker
   * finds the door closed; one that is `armed` past its deadline becomes `unknown`. Returns the row as it now is.
   */
  settleSubmission(submission: SubmissionId, at: string): Promise<SubmissionRecord>;
  /**
   * Writes an operator's decision about the job's current, unknown submission and, for `adopt`, gives it the task. The
   * decision's id makes it one: run twice, it is written once. A new submission is decided in {@link openJob}.
   */
  resolveSubmission(
    submission: SubmissionId,
    resolution: ResolutionRecord,
    decision: DecisionRecord,
    at: string,
  ): Promise<RecordedResolution>;
  /** Books the end of a submission's money and frees its place. `ledger.conflict` where another amount was booked. */
  recordCost(submission: SubmissionId, cost: CostRecord, at: string): Promise<Cost | null>;
  /**
   * Settles an estimated charge at the amount that the files show, with one `adjust`. Every other charge stays as it is,
   * also without a quote. Returns what the submission costs.
   */
  adjustCost(submission: SubmissionId, quote: Quote | null, at: string): Promise<Cost | null>;
  recordArtifact(
    submission: SubmissionId,
    artifact: Artifact,
    sourceUrlOrigin: string | null,
    at: string,
  ): Promise<void>;
  recordDiscrepancy(discrepancy: DiscrepancyRecord, at: string): Promise<void>;
  /** Writes a task of a realm that no submission holds. Seen again it keeps its first time. One that is held is not written. */
  recordOrphan(orphan: NewOrphan, at: string): Promise<void>;
  /** Writes the job's end, ends what is still open, releases money that nothing claims. Returns the result as written first. */
  closeJob(jobId: string, result: JobResult, at: string): Promise<JobResult>;

  job(jobId: string): Promise<JobRecord | undefined>;
  /** Newest first. */
  jobs(filter: JobFilter): Promise<readonly JobRecord[]>;
  submissions(jobId: string): Promise<readonly SubmissionRecord[]>;
  entries(jobId: string): Promise<readonly EntryRecord[]>;
  artifacts(jobId: string): Promise<readonly Artifact[]>;
  /** Money by currency over all jobs that pass the filter. */
  totals(filter: JobFilter): Promise<readonly CurrencyTotals[]>;
  /** Open submissions of an account: places taken. */
  placesTaken(account: string): Promise<number>;
  /** The newest task id that is known in a realm: what is created from now on lies after it. */
  newestTaskId(realm: string): Promise<string | null>;
  /**
   * Submissions of a model, over all accounts of the realm, that may have a task nobody has named: armed or unknown,
   * also given-up ones, as long as they were armed after `since` (ISO 8601).
   */
  undecided(realm: string, model: string, since: string): Promise<readonly SubmissionRecord[]>;
  /** Which of these tasks of a realm a submission holds, by task id. */
  ownersOf(realm: string, taskIds: readonly string[]): Promise<ReadonlyMap<string, SubmissionId>>;
  /** Every submission that passes the filter, oldest first. */
  allSubmissions(filter: SubmissionFilter): Promise<readonly SubmissionRecord[]>;
  /** Oldest first. */
  orphans(realm?: string): Promise<readonly OrphanRecord[]>;
  /** Oldest first. */
  decisions(jobId?: string): Promise<readonly DecisionEntry[]>;
  /** Oldest first. */
  discrepancies(jobId?: string): Promise<readonly DiscrepancyEntry[]>;
  /** What is wrong with the database itself, one line each: damaged pages, a guard against changes that is gone. */
  check(): Promise<readonly string[]>;
  /** Every stored row as text, as it lies in the database: for scans. */
  rows(): AsyncIterable<StoredRow>;
  close(): Promise<void>;
}

export interface OpenJobRequest extends SubmissionId {
  /** Hex SHA-256 of the canonical request. */
  readonly requestHash: string;
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly provider: string;
  readonly realm: string;
  /** The provider's model id. */
  readonly model: string;
  readonly quote: Quote | null;
  /** How many submissions of the account may be open at once. */
  readonly places: number;
  /** Default: `interactive`. */
  readonly rank?: Rank;
  /** How long a task of the account takes, in seconds, where that is known. */
  readonly typicalSeconds?: number;
  /** Those that the job needs to fit, each in the transaction that reserves its money. */
  readonly budgets?: readonly Budget[];
  /** A task that exists already: the submission is written as accepted, whatever the places. */
  readonly adopt?: {
    readonly taskId: string;
    readonly operation: Operation;
    readonly snapshot: Snapshot;
    readonly keyId: string;
  };
  /** What the job was started with, so that it can be run again when Temporal has lost it. Sealed where there is a key. */
  readonly input: JobInput;
  /** Opens `number` although the one before it is unknown. */
  readonly resubmit?: DecisionRecord;
  /** Runs an ended job again under the next number. Its id makes it one rerun, however often it is asked for. */
  readonly rerun?: DecisionRecord;
  /** ISO 8601. */
  readonly at: string;
}

export type Admission =
  /** The submission may be armed once. */
  | { readonly kind: 'admitted'; readonly submission: SubmissionRecord }
  /** The job's current submission has left `admitted`: go on from its state. */
  | { readonly kind: 'resumed'; readonly submission: SubmissionRecord }
  /** The job has ended; this is the end. */
  | { readonly kind: 'ended'; readonly result: JobResult }
  /** No place of the account is free, or others go first: ask again later. `ahead`: how many of them wait. */
  | { readonly kind: 'full'; readonly taken: number; readonly ahead: number }
  /** The account is not submitted to for now: ask again later. */
  | { readonly kind: 'paused'; readonly pause: AccountPause };

export interface ArmFacts {
  /** Of the one attempt that may send. */
  readonly armingId: string;
  readonly worker: string;
  readonly keyId: string;
  /** ISO 8601: the POST is over by then, one way or another. */
  readonly deadlineAt: string;
  /** The newest task id known in the realm, where the provider lists tasks. */
  readonly newestKnownTaskId: string | null;
  readonly at: string;
}

export type ArmAnswer =
  | { readonly kind: 'armed' }
  /** It had left `admitted` before, or is gone, or its number is not current: send nothing. */
  | { readonly kind: 'refused'; readonly submission: SubmissionRecord | undefined };

/** Where the id of a submission's task came from. */
export type TaskSource =
  /** The POST's own reply: read, left in a heartbeat, spooled, or salvaged from a reply that was cut. */
  | 'reply'
  | 'heartbeat'
  | 'spool'
  | 'salvage'
  /** Not the reply: a callback's word confirmed by a reading, the provider's list, an operator, the job's own input. */
  | 'callback'
  | 'list'
  | 'operator'
  | 'input';

const FIRST_HAND: ReadonlySet<TaskSource> = new Set(['reply', 'heartbeat', 'spool', 'salvage']);

/** True for an id that the POST's own reply told: it outranks any other claim on the task. */
export function isFirstHand(source: TaskSource): boolean {
  return FIRST_HAND.has(source);
}

export type OutcomeRecord =
  | {
      readonly outcome: 'accepted';
      readonly source: TaskSource;
      readonly taskId: string;
      readonly operation: Operation;
      readonly snapshot: Snapshot;
    }
  /** `final`: the job ends; the money is released. Otherwise place and reservation wait for the next number. */
  | {
      readonly outcome: 'rejected';
      readonly error: ErrorReport;
      readonly final: boolean;
      /**
       * The attempt whose POST was refused or never sent. It proves nothing about a submission that another attempt has
       * armed: that one is kept. Absent: proof about the submission as a whole.
       */
      readonly armingId?: string;
    }
  | { readonly outcome: 'unknown'; readonly evidence: SubmitEvidence };

export type RecordedOutcome =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'kept'; readonly submission: SubmissionRecord }
  /** The number is no longer current: the task is in `orphans`. */
  | { readonly kind: 'orphaned' }
  /** Another submission holds the task by a claim at least as good; this one is as it was. */
  | { readonly kind: 'taken'; readonly owner: SubmissionId };

export type ResolutionRecord =
  | {
      readonly kind: 'adopt';
      readonly taskId: string;
      readonly operation: Operation;
      readonly snapshot: Snapshot;
    }
  /** Nobody will look for its task any more; `closeJob` ends it, its money stays `unknown`. */
  | { readonly kind: 'abandon' };

export type RecordedResolution =
  | { readonly kind: 'recorded' }
  /** It is not, or no longer, the unknown submission that the decision is about: as it is now. */
  | { readonly kind: 'refused'; readonly submission: SubmissionRecord }
  | { readonly kind: 'taken'; readonly owner: SubmissionId };

export type SubmissionState = 'admitted' | 'armed' | 'accepted' | 'rejected' | 'unknown';

export interface SubmissionRecord extends SubmissionId {
  readonly account: string;
  readonly realm: string;
  readonly model: string;
  readonly state: SubmissionState;
  readonly taskId: string | null;
  /** `null` where there is no task. */
  readonly source: TaskSource | null;
  readonly operation: Operation | null;
  readonly snapshot: Snapshot | null;
  readonly error: ErrorReport | null;
  readonly evidence: SubmitEvidence | null;
  readonly keyId: string | null;
  readonly newestKnownTaskId: string | null;
  readonly worker: string | null;
  readonly armedAt: string | null;
  readonly deadlineAt: string | null;
  readonly createdAt: string;
  /** Absent while the submission has its place. */
  readonly endedAt: string | null;
  readonly endedReason: string | null;
}

export interface CostRecord {
  readonly kind: 'charge' | 'release' | 'unknown';
  /** `null` for a model without a price: the submission ends, nothing is booked. */
  readonly quote: Quote | null;
  /** Why the submission ended, e.g. `succeeded`. */
  readonly reason: string;
  /** Written with an entry `unknown`: what does not prove the billing. */
  readonly discrepancy?: JsonObject;
}

export interface DiscrepancyRecord extends SubmissionId {
  /** e.g. `unproved_billing`, `duration_differs`. */
  readonly kind: string;
  readonly facts: JsonObject;
}

export interface SubmissionFilter {
  /** With or without a place. */
  readonly isOpen?: boolean;
  readonly states?: readonly SubmissionState[];
  readonly account?: string;
}

export interface NewOrphan {
  readonly realm: string;
  readonly taskId: string;
  readonly account: string;
  readonly model: string;
  /** What such a task costs as far as the list tells; `null` where nothing can be said. */
  readonly estimate: Money | null;
}

export interface OrphanRecord extends NewOrphan {
  /** ISO 8601. */
  readonly firstSeenAt: string;
  /** The submission whose late answer named the task, if one did. */
  readonly submission: SubmissionId | null;
}

export type DecisionKind = 'adopt' | 'resubmit' | 'abandon' | 'rerun' | 'settle';

export interface DecisionEntry extends DecisionRecord, SubmissionId {
  readonly kind: DecisionKind;
  /** ISO 8601. */
  readonly at: string;
}

export interface DiscrepancyEntry extends DiscrepancyRecord {
  /** ISO 8601. */
  readonly at: string;
}

export interface StoredRow {
  readonly table: string;
  /** Names the row for a person. */
  readonly key: string;
  /** All its columns. */
  readonly text: string;
}

export interface JobRecord {
  readonly jobId: string;
  /** `null` for a job of a release that did not keep it. */
  readonly input: JobInput | null;
  readonly realm: string;
  readonly requestHash: string;
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly provider: string;
  readonly model: string;
  readonly currentNumber: number;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly end: EndStatus | null;
  readonly result: JobResult | null;
}

export interface JobFilter {
  readonly jobIds?: readonly string[];
  readonly account?: string;
  readonly tenant?: string;
  readonly batch?: string;
  /** `open`: without an end. */
  readonly status?: EndStatus | 'open';
  readonly limit?: number;
}

/** Decimal micros of one currency. `charged` includes `estimated`. */
export interface CurrencyTotals {
  readonly currency: Currency;
  readonly charged: string;
  readonly estimated: string;
  readonly reserved: string;
  readonly unknown: string;
  readonly jobs: number;
}
