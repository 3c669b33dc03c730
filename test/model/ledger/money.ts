import type { Cost, CostState } from '../../../src/core/job.ts';
import type {
  CostRecord,
  CurrencyTotals,
  EntryKind,
  EntryRecord,
  SubmissionId,
  SubmissionState,
} from '../../../src/core/ledger.ts';
import type { Quote } from '../../../src/core/money.ts';
import type { Book } from './book.ts';
import { conflict, idOf, UNPROVED_BILLING } from './book.ts';

const BOOKABLE: Readonly<Record<CostRecord['kind'], readonly SubmissionState[]>> = {
  charge: ['accepted'],
  unknown: ['accepted', 'unknown'],
  release: ['accepted', 'unknown', 'rejected'],
};
const STATES: readonly (readonly [EntryKind, CostState])[] = [
  ['charge', 'charged'],
  ['release', 'released'],
  ['unknown', 'unknown'],
  ['reserve', 'reserved'],
];

const of = (entries: readonly EntryRecord[], kind: EntryKind): EntryRecord | undefined =>
  entries.find((entry) => entry.kind === kind);
const isSettled = (entries: readonly EntryRecord[]): boolean =>
  entries.some(({ kind }) => kind === 'charge' || kind === 'release');
const sum = (entries: readonly EntryRecord[]): bigint =>
  entries.reduce((total, { micros }) => total + BigInt(micros), 0n);

export function write(
  book: Book,
  id: SubmissionId,
  kind: Exclude<EntryKind, 'adjust'>,
  quote: Quote,
  at: string,
): void {
  const micros = kind === 'release' ? '0' : quote.micros;
  const estimated = kind === 'charge' && quote.estimated;
  book.addEntry({ ...idOf(id), kind, sequence: 0, ...amount(quote), micros, estimated, at });
}

function amount({ currency, micros, basis, priceSource }: Quote) {
  return { currency, micros, basis, priceSource };
}

/** The entry that says what a submission stands for now, before adjustments. */
function effective(entries: readonly EntryRecord[]): readonly [EntryRecord, CostState] | undefined {
  for (const [kind, state] of STATES) {
    const entry = of(entries, kind);
    if (entry !== undefined) return [entry, state];
  }
  return undefined;
}

export function release(book: Book, id: SubmissionId, at: string): void {
  const entries = book.entriesOf(id);
  const [entry] = effective(entries) ?? [];
  if (entry !== undefined && !isSettled(entries)) write(book, id, 'release', entry, at);
}

export function bookUnknown(book: Book, id: SubmissionId, at: string): void {
  const [entry, state] = effective(book.entriesOf(id)) ?? [];
  if (entry !== undefined && state === 'reserved') write(book, id, 'unknown', entry, at);
}

export function cancelCharge(book: Book, id: SubmissionId, basis: string, at: string): void {
  const entries = book.entriesOf(id);
  const charge = of(entries, 'charge');
  if (charge === undefined) return;
  const adjusts = entries.filter(({ kind }) => kind === 'adjust');
  const micros = (0n - BigInt(charge.micros) - sum(adjusts)).toString();
  const entry = { ...charge, kind: 'adjust', sequence: adjusts.length, micros, basis } as const;
  book.addEntry({ ...entry, estimated: false, at });
}

export function recordCost(
  book: Book,
  id: SubmissionId,
  { kind, quote, reason, discrepancy }: CostRecord,
  at: string,
): Cost | null {
  const row = book.require(id);
  const { state } = row;
  if (state === 'unknown' && book.hasLostItsTask(id)) {
    throw conflict(id, 'does not hold a task any more', { reason: 'task_taken' });
  }
  if (!BOOKABLE[kind].includes(state)) {
    throw conflict(id, `is ${state}: a ${kind} cannot be booked on it`);
  }
  const before = book.entriesOf(id);
  if (isSettled(before) && book.isTakenUpAgain(row)) return toCost(before);
  if (quote !== null) writeOnce(book, id, kind, quote, at);
  book.endSubmission(id, reason, at);
  if (discrepancy !== undefined) book.disagree(id, UNPROVED_BILLING, discrepancy, at);
  return toCost(book.entriesOf(id));
}

function writeOnce(
  book: Book,
  id: SubmissionId,
  kind: CostRecord['kind'],
  quote: Quote,
  at: string,
): void {
  const entries = book.entriesOf(id);
  const same = of(entries, kind);
  if (same === undefined) {
    if (isSettled(entries)) throw conflict(id, `has its money settled; a ${kind} contradicts it`);
    write(book, id, kind, quote, at);
    return;
  }
  if (kind === 'release') return;
  if (same.micros === quote.micros && same.currency === quote.currency) return;
  throw conflict(
    id,
    `has a ${kind} of ${same.micros} micros ${same.currency} booked; ${quote.micros} micros ${quote.currency} contradict it`,
  );
}

export function adjustCost(
  book: Book,
  id: SubmissionId,
  quote: Quote | null,
  at: string,
): Cost | null {
  const entries = book.entriesOf(id);
  const charge = of(entries, 'charge');
  const isOpen = charge?.estimated === true && of(entries, 'adjust') === undefined;
  if (charge === undefined || !isOpen || quote === null) return toCost(entries);
  if (charge.currency !== quote.currency) {
    throw conflict(id, `is charged in ${charge.currency}, not in ${quote.currency}`);
  }
  const micros = (BigInt(quote.micros) - BigInt(charge.micros)).toString();
  const entry = { ...charge, ...amount(quote), kind: 'adjust', micros } as const;
  book.addEntry({ ...entry, estimated: false, at });
  return toCost(book.entriesOf(id));
}

export function toCost(entries: readonly EntryRecord[]): Cost | null {
  const [entry, state] = effective(entries) ?? [];
  if (entry === undefined || state === undefined) return null;
  const adjusts = entries.filter(({ kind }) => kind === 'adjust');
  const micros = (BigInt(entry.micros) + sum(adjusts)).toString();
  const basis = adjusts.at(-1)?.basis ?? entry.basis;
  const isEstimate = entry.estimated && adjusts.length === 0;
  return { currency: entry.currency, micros, basis, state: isEstimate ? 'estimated' : state };
}

/** Ends a submission that is still open when its job ends: releases only what proves that no task exists. */
export function closeMoney(book: Book, id: SubmissionId, state: SubmissionState, at: string): void {
  if (state === 'admitted' || state === 'rejected') {
    release(book, id, at);
    return;
  }
  const entries = book.entriesOf(id);
  if (isSettled(entries) || of(entries, 'unknown') !== undefined) return;
  bookUnknown(book, id, at);
  if (state !== 'accepted') return;
  const reason = 'the job was closed before the cost of its task was recorded';
  book.disagree(id, UNPROVED_BILLING, { reason }, at);
}

/** Sums what submissions stand for now, by currency. `entries` holds one list per submission. */
export function totalsOf(entries: readonly (readonly EntryRecord[])[]): readonly CurrencyTotals[] {
  const totals = new Map<
    string,
    { charged: bigint; estimated: bigint; reserved: bigint; unknown: bigint; jobs: Set<string> }
  >();
  for (const list of entries) {
    const [entry, state] = effective(list) ?? [];
    if (entry === undefined) continue;
    const line = totals.get(entry.currency) ?? {
      charged: 0n,
      estimated: 0n,
      reserved: 0n,
      unknown: 0n,
      jobs: new Set<string>(),
    };
    totals.set(entry.currency, line);
    line.jobs.add(entry.jobId);
    line.charged += sum(list.filter(({ kind }) => kind === 'charge' || kind === 'adjust'));
    if (state === 'reserved') line.reserved += BigInt(entry.micros);
    if (state === 'unknown') line.unknown += BigInt(entry.micros);
    if (entry.estimated && of(list, 'adjust') === undefined) line.estimated += BigInt(entry.micros);
  }
  return [...totals]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([currency, line]) => ({
      currency,
      charged: line.charged.toString(),
      estimated: line.estimated.toString(),
      reserved: line.reserved.toString(),
      unknown: line.unknown.toString(),
      jobs: line.jobs.size,
    }));
}
