import { performance } from 'node:perf_hooks';
import type { Ledger, OpenJobRequest } from '../../src/core/ledger.ts';
import type { Quote } from '../../src/core/money.ts';

const QUOTE: Quote = {
  currency: 'USD',
  micros: '450000',
  basis: '5 s × 90000 micros/s, 720P',
  priceSource: 'NexusFlow video page, 2026-11-21',
  estimated: false,
};

/** Milliseconds of each of so many charges, one after the other, each committed to disk. */
export async function measureCharges(ledger: Ledger, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const submission = await accept(ledger, `charged-${index}`);
    const charge = { kind: 'charge', reason: 'succeeded', quote: QUOTE } as const;
    const at = new Date().toISOString();
    const startedMs = performance.now();
    await ledger.recordCost(submission, charge, at);
    times.push(performance.now() - startedMs);
  }
  return times;
}

async function accept(
  ledger: Ledger,
  jobId: string,
): Promise<{ readonly jobId: string; readonly number: number }> {
  const at = new Date().toISOString();
  const submission = { jobId, number: 1 };
  const request: OpenJobRequest = {
    ...submission,
    requestHash: 'b'.repeat(64),
    tenant: 'tenant-1',
    batch: null,
    account: 'nexusflow',
    provider: 'nexusflow',
    realm: 'nexusflow',
    model: 'wan2.6-t2v',
    quote: QUOTE,
    places: 10,
    input: { request: { model: 'nexusflow/wan2.6-t2v', prompt: 'a lighthouse' } },
    at,
  };
  await ledger.openJob(request);
  await ledger.arm(submission, {
    armingId: jobId,
    worker: 'bench',
    keyId: 'env:KEY',
    deadlineAt: at,
    newestKnownTaskId: null,
    at,
  });
  await ledger.recordOutcome(
    submission,
    {
      outcome: 'accepted',
      source: 'reply',
      taskId: `task_${jobId}`,
      operation: { taskId: `task_${jobId}` },
      snapshot: { status: 'running', providerStatus: 'running' },
    },
    at,
  );
  return submission;
}
