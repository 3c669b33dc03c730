import type { JobResult } from '../../../../src/core/job.ts';
import type {
  Ledger,
  OpenJobRequest,
  OutcomeRecord,
  SubmissionId,
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
    at: at(0),
    ...changes,
  };
}

export function accepted(taskId = 'task-1'): Extract<OutcomeRecord, { outcome: 'accepted' }> {
  return {
    outcome: 'accepted',
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

export async function armed(ledger: Ledger, jobId = 'job-1', number = 1): Promise<void> {
  await ledger.arm(
    { jobId, number },
    {
      worker: 'worker-1',
      keyId: 'env:KEY',
      deadlineAt: at(30),
      newestKnownTaskId: 'task-0',
      at: at(1),
    },
  );
}

/** Opens the job, arms its submission and records that the provider accepted it. */
export async function acceptedJob(
  ledger: Ledger,
  changes: Partial<OpenJobRequest> = {},
): Promise<SubmissionId> {
  const request = openRequest(changes);
  await ledger.openJob(request);
  await armed(ledger, request.jobId, request.number);
  await ledger.recordOutcome(request, accepted(`task-of-${request.jobId}`), at(2));
  return { jobId: request.jobId, number: request.number };
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
