import type { Ledger } from '../../src/core/ledger.ts';
import type { ExportedRow } from '../../src/core/money-book.ts';

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2025, 0, 1);
const DAYS = 365;
const TENANTS = 1_000;
/** Knuth's multiplier: spreads neighbours, so that tenants and days are independent. */
const SPREAD = 2_654_435_761;
const MODELS = ['wan2.6-t2v', 'happyhorse-1.0-t2v', 'pixverse-v6'] as const;
const MICROS_PER_SECOND = [90_000n, 130_000n, 40_000n] as const;
const SHORTEST_SECONDS = 3;
const SECONDS_CHOICES = 13;

/** What was made, for comparison with what the ledger says. */
export interface MadeLedger {
  readonly chargedMicros: bigint;
  readonly charges: number;
}

/**
 * Fills an empty ledger with a year of jobs of many tenants, each reserved and charged: hardly two of them share tenant,
 * model and day, so that sums kept per day are of little help.
 */
export async function makeLedger(ledger: Ledger, entries: number): Promise<MadeLedger> {
  const jobs = Math.ceil(entries / 2);
  const header = await readHeader(ledger);
  let chargedMicros = 0n;
  const toRow = (table: string, row: ExportedRow['row']): ExportedRow => ({ table, row });
  async function* makeRows(): AsyncGenerator<ExportedRow, void> {
    yield header;
    for (let job = 0; job < jobs; job += 1) yield toRow('jobs', toJob(job));
    for (let job = 0; job < jobs; job += 1) yield toRow('submissions', toSubmission(job));
    for (let job = 0; job < jobs; job += 1) {
      yield toRow('entries', toEntry(job, 'reserve'));
      yield toRow('entries', toEntry(job, 'charge'));
      chargedMicros += microsOf(job);
    }
    yield toRow('end', { rows: String(4 * jobs) });
  }
  await ledger.importRows(makeRows());
  return { chargedMicros, charges: jobs };
}

/** An export names the schema in its first row: whoever imports must say the same. */
async function readHeader(ledger: Ledger): Promise<ExportedRow> {
  for await (const row of ledger.exportRows()) return row;
  throw new Error('the export of an empty ledger has no first row');
}

const idOf = (job: number): string => `made-${job}`;
const atOf = (job: number): string =>
  new Date(FIRST_DAY_MS + (job % DAYS) * DAY_MS + (job % 86_399) * 1_000).toISOString();
const tenantOf = (job: number): string => `tenant-${(Math.imul(job, SPREAD) >>> 0) % TENANTS}`;
const modelOf = (job: number): string => MODELS[job % MODELS.length] ?? MODELS[0];
const microsOf = (job: number): bigint =>
  (MICROS_PER_SECOND[job % MICROS_PER_SECOND.length] ?? 0n) *
  BigInt(SHORTEST_SECONDS + (job % SECONDS_CHOICES));

function toJob(job: number): ExportedRow['row'] {
  return {
    job_id: idOf(job),
    request_hash: 'a'.repeat(64),
    tenant: tenantOf(job),
    batch: null,
    account: 'nexusflow',
    provider: 'nexusflow',
    realm: 'nexusflow',
    model: modelOf(job),
    current_number: '1',
    created_at: atOf(job),
    ended_at: atOf(job),
    end_status: 'succeeded',
    result: null,
    input: null,
  };
}

function toSubmission(job: number): ExportedRow['row'] {
  return {
    job_id: idOf(job),
    number: '1',
    account: 'nexusflow',
    realm: 'nexusflow',
    model: modelOf(job),
    state: 'accepted',
    task_id: `task_made_${job}`,
    source: 'reply',
    operation: null,
    snapshot: null,
    error: null,
    evidence: null,
    key_id: 'env:KEY',
    newest_known_task_id: null,
    worker: null,
    arming_id: null,
    armed_at: atOf(job),
    deadline_at: null,
    created_at: atOf(job),
    ended_at: atOf(job),
    ended_reason: 'succeeded',
  };
}

function toEntry(job: number, kind: 'reserve' | 'charge'): ExportedRow['row'] {
  return {
    job_id: idOf(job),
    number: '1',
    kind,
    sequence: '0',
    micros: microsOf(job).toString(),
    currency: 'USD',
    basis: `${SHORTEST_SECONDS + (job % SECONDS_CHOICES)} s, 720P`,
    price_source: 'NexusFlow video page, 2026-11-21',
    estimated: '0',
    at: atOf(job),
  };
}
