import type { Cost, CostState } from '../core/job.ts';
import type { CostRecord, SubmissionState } from '../core/ledger.ts';
import type { Quote } from '../core/money.ts';
import { toMicros } from '../core/money.ts';
import { isTakenUpAgain } from './decisions.ts';
import {
  hasDiscrepancy,
  recordDiscrepancy,
  TASK_CLAIMED_BY_REPLY,
  UNPROVED_BILLING,
} from './discrepancies.ts';
import {
  findEffectiveEntry,
  isSettled,
  readEntries,
  writeAdjustment,
  writeEntry,
} from './entries.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import { endSubmission, requireSubmission, submissionConflict } from './submissions.ts';
import type { EntryRow, SubmissionRow } from './tables.ts';

/** Which money may be booked on a submission in which state: only an accepted one can be owed for. */
const BOOKABLE: Readonly<Record<CostRecord['kind'], readonly SubmissionState[]>> = {
  charge: ['accepted'],
  unknown: ['accepted', 'unknown'],
  release: ['accepted', 'unknown', 'rejected'],
};

/**
 * Books the end of a submission's money and ends it. Run twice: the same amount changes nothing; another amount or
 * another settlement is `ledger.conflict`, and so is any amount where the submission has lost its task
 * (`details.reason` is `task_taken`). What was settled before the job was run again for its task stays as it is.
 */
export async function recordCost(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  cost: CostRecord,
  at: string,
): Promise<Cost | null> {
  const row = await requireSubmission(transaction, key);
  await refuseTakenTask(transaction, row);
  if (!BOOKABLE[cost.kind].some((state) => state === row.state)) {
    throw submissionConflict(key, `is ${row.state}: a ${cost.kind} cannot be booked on it`);
  }
  if (await isTakenUpAgain(transaction, row)) {
    const entries = await readEntries(transaction, key);
    if (isSettled(entries)) return toCost(entries);
  }
  if (cost.quote !== null) await book(transaction, key, cost.kind, cost.quote, at);
  await endSubmission(transaction, key, cost.reason, at);
  if (cost.discrepancy !== undefined) {
    await recordDiscrepancy(transaction, key, UNPROVED_BILLING, cost.discrepancy, at);
  }
  return toCost(await readEntries(transaction, key));
}

/**
 * Books the difference between an estimated charge and what the files show. Run twice: the second finds the adjustment.
 * Another currency is `ledger.conflict`.
 */
export async function adjustCost(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  quote: Quote | null,
  at: string,
): Promise<Cost | null> {
  const entries = await readEntries(transaction, key);
  const charge = entries.find((entry) => entry.kind === 'charge');
  const isOpen = charge?.estimated === 1n && !entries.some((entry) => entry.kind === 'adjust');
  if (charge === undefined || !isOpen || quote === null) return toCost(entries);
  if (charge.currency !== quote.currency) {
    throw submissionConflict(key, `is charged in ${charge.currency}, not in ${quote.currency}`);
  }
  await writeAdjustment(transaction, key, charge, quote, at);
  return toCost(await readEntries(transaction, key));
}

/** What the step knows of money is about a task that is another submission's. */
async function refuseTakenTask(transaction: LedgerTransaction, row: SubmissionRow): Promise<void> {
  if (row.state !== 'unknown') return;
  const key = { jobId: row.job_id, number: row.number };
  if (!(await hasDiscrepancy(transaction, key, TASK_CLAIMED_BY_REPLY))) return;
  throw submissionConflict(
    key,
    'does not hold a task any more: the reply to another submission claimed it; reconcile it again',
    { reason: 'task_taken' },
  );
}

async function book(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: CostRecord['kind'],
  quote: Quote,
  at: string,
): Promise<void> {
  const entries = await readEntries(transaction, key);
  const same = entries.find((entry) => entry.kind === kind);
  if (same === undefined) {
    if (isSettled(entries)) {
      const booked = findEffectiveEntry(entries)?.kind ?? 'nothing';
      throw submissionConflict(key, `has a ${booked} booked; a ${kind} contradicts it`);
    }
    await writeEntry(transaction, key, kind, quote, at);
    return;
  }
  const isSameAmount =
    kind === 'release' ||
    (same.micros === toMicros(quote.micros) && same.currency === quote.currency);
  if (isSameAmount) return;
  throw submissionConflict(
    key,
    `has a ${kind} of ${same.micros.toString()} micros ${same.currency} booked; ` +
      `${quote.micros} micros ${quote.currency} contradict it`,
  );
}

const COST_STATES: Readonly<Record<string, CostState>> = {
  reserve: 'reserved',
  unknown: 'unknown',
  charge: 'charged',
  release: 'released',
};

/** What a submission costs as far as its entries tell; `null` for a model without a price. */
export function toCost(entries: readonly EntryRow[]): Cost | null {
  const effective = findEffectiveEntry(entries);
  const state = effective === undefined ? undefined : COST_STATES[effective.kind];
  if (effective === undefined || state === undefined) return null;
  const adjustments = entries.filter((entry) => entry.kind === 'adjust');
  const micros = adjustments.reduce((sum, entry) => sum + entry.micros, effective.micros);
  const isEstimate = effective.estimated === 1n && adjustments.length === 0;
  return {
    currency: effective.currency,
    micros: micros.toString(),
    basis: adjustments.at(-1)?.basis ?? effective.basis,
    state: isEstimate ? 'estimated' : state,
  };
}
