import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { JobResult } from '../core/job.ts';
import type { CurrencyTotals } from '../core/ledger.ts';
import type { DemoJob } from './demo-jobs.ts';

/** One line of a simulator's own book, as far as the demo reads it. */
export interface BookEntry {
  readonly kind: string;
  readonly taskId?: string;
  readonly bill?: { readonly currency: string; readonly micros: string };
}

/** Everything in which the demo's three witnesses disagree: the jobs, the disk, and the providers' own books. */
export async function findDisagreements(
  jobs: readonly DemoJob[],
  results: ReadonlyMap<string, JobResult>,
  book: readonly BookEntry[],
  totals: readonly CurrencyTotals[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const job of jobs) {
    const result = results.get(job.jobId);
    if (result === undefined) {
      found.push(`${job.jobId} has no result`);
      continue;
    }
    if (result.status !== job.expected) {
      found.push(
        `${job.jobId} ${result.status} instead of ${job.expected}: ${result.error?.message ?? ''}`,
      );
    }
    const creates = book.filter(
      (entry) => entry.kind === 'create' && entry.taskId === result.taskId,
    );
    if (creates.length !== 1) found.push(`${job.jobId} was created ${creates.length} times`);
    found.push(...(await findFileTrouble(result)));
  }
  const created = book.filter((entry) => entry.kind === 'create').length;
  if (created !== jobs.length)
    found.push(`the providers saw ${created} creates for ${jobs.length} jobs`);
  return [...found, ...findMoneyTrouble(book, totals)];
}

async function findFileTrouble(result: JobResult): Promise<readonly string[]> {
  if (result.status !== 'succeeded') return [];
  if (result.artifacts.length === 0) return [`${result.jobId} succeeded without a file`];
  const found: string[] = [];
  for (const artifact of result.artifacts) {
    const path = fileURLToPath(artifact.url);
    const facts = await stat(path).catch(() => undefined);
    if (facts?.size !== artifact.sizeBytes)
      found.push(`${path} is not ${artifact.sizeBytes} bytes long`);
    else if ((await hashFile(path)) !== artifact.sha256) found.push(`${path} has another SHA-256`);
  }
  return found;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** What the ledger charged must be what the providers bill, to the micro. */
function findMoneyTrouble(
  book: readonly BookEntry[],
  totals: readonly CurrencyTotals[],
): readonly string[] {
  const billed = new Map<string, bigint>();
  for (const { kind, bill } of book) {
    if (kind !== 'end' || bill === undefined) continue;
    billed.set(bill.currency, (billed.get(bill.currency) ?? 0n) + BigInt(bill.micros));
  }
  const charged = new Map(totals.map((total) => [total.currency, BigInt(total.charged)]));
  const currencies = new Set([...billed.keys(), ...charged.keys()]);
  return [...currencies].flatMap((currency) => {
    const owed = billed.get(currency) ?? 0n;
    const booked = charged.get(currency) ?? 0n;
    return owed === booked
      ? []
      : [`the ledger charged ${booked} micros of ${currency}, the provider bills ${owed}`];
  });
}
