import type { ErrorReport } from './errors.ts';
import type { Artifact, Cost, Decision, EndStatus, JobResult } from './job.ts';
import type { JsonObject } from './json.ts';
import type { Currency, Money, Quote } from './money.ts';
import type { Operation, Snapshot, SubmitEvidence } from './provider.ts';

/**
 * The book of record. It outlives Temporal's retention, and nothing is bought that is not written here first.
 *
 * Laws, checked by the ledger contract suite:
 * - Every member is one transaction, and may be run twice: the second run changes nothing and returns the same facts.
 * - A submission that has left `admitted` never returns to it; one with an outcome keeps it.
 * - Entries are append-only; (job, number, kind, sequence) is unique, and only `adjust` repeats.
 * - (realm, task id) belongs to one submission.
 * - Trouble reaching or writing the database is `ledger.unavailable`.
 */
export interface Ledger {
  /** Writes the job if it is new and admits submission `number`, or says how far the job has come. `request.conflict`. */
  openJob(request: OpenJobRequest): Promise<Admission>;
  /** `admitted` → `armed`: the one permission to send one POST. */
  arm(submission: SubmissionId, facts: ArmFacts): Promise<ArmAnswer>;
  /** True while the submission is armed by this worker and its number is the job's current one. The last look before the wire. */
  maySend(submission: SubmissionId, worker: string): Promise<boolean>;
  /** Writes what became of a submission. One that has an outcome keeps it; a number that is no longer current is an orphan. */
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
  close(): Promise<void>;
}

export interface SubmissionId {
  readonly jobId: string;
  /** From 1. */
  readonly number: number;
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
  /** A task that exists already: the submission is written as accepted, whatever the places. */
  readonly adopt?: {
    readonly taskId: string;
    readonly operation: Operation;
    readonly snapshot: Snapshot;
    readonly keyId: string;
  };
  /** Runs an ended job again under the next number. */
  readonly rerun?: Decision;
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
  /** No place of the account is free: ask again later. */
  | { readonly kind: 'full'; readonly taken: number };

export interface ArmFacts {
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

export type OutcomeRecord =
  | {
      readonly outcome: 'accepted';
      readonly taskId: string;
      readonly operation: Operation;
      readonly snapshot: Snapshot;
    }
  /** `final`: the job ends; the money is released. Otherwise place and reservation wait for the next number. */
  | { readonly outcome: 'rejected'; readonly error: ErrorReport; readonly final: boolean }
  | { readonly outcome: 'unknown'; readonly evidence: SubmitEvidence };

export type RecordedOutcome =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'kept'; readonly submission: SubmissionRecord }
  /** The number is no longer current, or another submission owns the task: it is in `orphans`. */
  | { readonly kind: 'orphaned' };

export type SubmissionState = 'admitted' | 'armed' | 'accepted' | 'rejected' | 'unknown';

export interface SubmissionRecord extends SubmissionId {
  readonly account: string;
  readonly realm: string;
  readonly model: string;
  readonly state: SubmissionState;
  readonly taskId: string | null;
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

export type EntryKind = 'reserve' | 'charge' | 'release' | 'unknown' | 'adjust';

export interface EntryRecord extends SubmissionId, Money {
  readonly kind: EntryKind;
  readonly sequence: number;
  readonly basis: string;
  readonly priceSource: string;
  /** True where the amount is an upper bound that one `adjust` will follow. */
  readonly estimated: boolean;
  readonly at: string;
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

export interface JobRecord {
  readonly jobId: string;
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
