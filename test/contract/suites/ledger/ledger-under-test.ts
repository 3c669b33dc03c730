import assert from 'node:assert/strict';

import type { DecisionRecord, JobResult } from '../../../../src/core/job.ts';
import type {
  ArmFacts,
  Ledger,
  OpenJobRequest,
  OutcomeRecord,
  SubmissionId,
  SubmissionRecord,
  TaskSource,
} from '../../../../src/core/ledger.ts';
import type { Quote } from '../../../../src/core/money.ts';
import type { ContractCase } from '../contract-case.ts';

/** A fresh, empty ledger, and how to remove it. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  dispose(): Promise<void>;
}

export type OpenLedger = () => Promise<LedgerUnderTest>;

/** Makes a case of a law: it gets a ledger of its own. */
export function ledgerCases(
  open: OpenLedger,
  laws: Readonly<Record<string, (ledger: Ledger) => Promise<void>>>,
): readonly ContractCase[] {
  return Object.entries(laws).map(([name, law]) => ({
    name,
    run: async () => {
      const { ledger, dispose } = await open();
      try {
        await law(ledger);
      } finally {
        await dispose();
      }
    },
  }));
}

export const QUOTE: Quote = {
  currency: 'USD',
  micros: '450000',
  basis: '5 s × 90000 micros/s',
  priceSource: 'price list, 2026-11-21',
  estimated: false,
};

/** A time of the test, by its second. */
export function at(second: number): string {
  return new Date(Date.UTC(2026, 10, 21, 9, 0, second)).toISOString();
}

export function openRequest(changes: Partial<OpenJobRequest> = {}): OpenJobRequest {
  return {
    jobId: 'job-1',
    number: 1,
    requestHash: 'a'.repeat(64),
    tenant: null,
    batch: null,
    account: 'main',
    provider: 'nexusflow',
    realm: 'realm-1',
    model: 'wan2.6-t2v',
    quote: QUOTE,
    places: 5,
    input: { request: { model: 'main/wan2.6-t2v', prompt: 'a lighthouse at dusk' } },
    at: at(0),
    ...changes,
  };
}

export type AcceptedOutcome = Extract<OutcomeRecord, { outcome: 'accepted' }>;

export function accepted(taskId = 'task-1', source: TaskSource = 'reply'): AcceptedOutcome {
  return {
    outcome: 'accepted',
    source,
    taskId,
    operation: { id: taskId },
    snapshot: { status: 'queued', providerStatus: 'PENDING' },
  };
}

export function rejected(final: boolean): Extract<OutcomeRecord, { outcome: 'rejected' }> {
  const code = final ? 'request.content_refused' : 'provider.rate_limited';
  return { outcome: 'rejected', final, error: { code, message: 'refused', details: {} } };
}

export const UNKNOWN: OutcomeRecord = {
  outcome: 'unknown',
  evidence: { reason: 'the connection was reset', httpStatus: 200, body: '{"id":' },
};

export const ARM_FACTS: ArmFacts = {
  armingId: 'arming-1',
  worker: 'worker-1',
  keyId: 'env:KEY',
  deadlineAt: at(30),
  newestKnownTaskId: 'task-0',
  at: at(1),
};

export async function armed(ledger: Ledger, jobId = 'job-1', number = 1): Promise<void> {
  await ledger.arm({ jobId, number }, ARM_FACTS);
}

/** Opens the job and arms its submission. */
export async function armedJob(
  ledger: Ledger,
  changes: Partial<OpenJobRequest> = {},
  facts: Partial<ArmFacts> = {},
): Promise<SubmissionId> {
  const request = openRequest(changes);
  await ledger.openJob(request);
  const id = { jobId: request.jobId, number: request.number };
  await ledger.arm(id, { ...ARM_FACTS, ...facts });
  return id;
}

/** A decision of its own, by the id that makes it one. */
export function decision(id: string): DecisionRecord {
  return { id, author: 'ada', reason: `reason of ${id}` };
}

/** Opens the job, arms its submission and records that nobody knows what became of it. */
export async function unknownJob(
  ledger: Ledger,
  changes: Partial<OpenJobRequest> = {},
): Promise<SubmissionId> {
  const id = await armedJob(ledger, changes);
  await ledger.recordOutcome(id, UNKNOWN, at(2));
  return id;
}

/** Opens the job, arms its submission and records that the provider accepted it. */
export async function acceptedJob(
  ledger: Ledger,
  changes: Partial<OpenJobRequest> = {},
): Promise<SubmissionId> {
  const id = await armedJob(ledger, changes);
  await ledger.recordOutcome(id, accepted(`task-of-${id.jobId}`), at(2));
  return id;
}

export async function submissionOf(
  ledger: Ledger,
  { jobId, number }: SubmissionId,
): Promise<SubmissionRecord> {
  const row = (await ledger.submissions(jobId)).find((candidate) => candidate.number === number);
  assert.ok(row !== undefined, `submission ${number} of job ${jobId} is in the ledger`);
  return row;
}

/** The submission's entries, as `kind micros`. */
export async function bookOf(ledger: Ledger, { jobId, number }: SubmissionId): Promise<string[]> {
  const entries = (await ledger.entries(jobId)).filter((entry) => entry.number === number);
  return entries.map((entry) => `${entry.kind} ${entry.micros}`);
}

export function result(changes: Partial<JobResult> = {}): JobResult {
  return {
    jobId: 'job-1',
    status: 'failed',
    account: 'main',
    provider: 'nexusflow',
    model: 'wan2.6-t2v',
    taskId: null,
    submissions: 1,
    polls: 0,
    artifacts: [],
    cost: null,
    error: null,
    hold: null,
    startedAt: at(0),
    finishedAt: at(9),
    ...changes,
  };
}
