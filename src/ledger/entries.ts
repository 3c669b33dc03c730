import { RequestError } from '../core/errors.ts';
import type { EntryKind } from '../core/ledger.ts';
import { MOST_MICROS, toMicros } from '../core/money.ts';
import type { Quote } from '../core/money.ts';
import { toBookedTime } from './calendar.ts';
import type { EntryOwner } from './daily-money.ts';
import { addToDailyMoney } from './daily-money.ts';
import type { SubmissionKey } from './rows.ts';
import type { LedgerTransaction } from './session.ts';
import type { EntryRow } from './tables.ts';

/** Kinds of an entry that settle a submission's money: at most one of them is ever written. */
const SETTLED: ReadonlySet<string> = new Set<EntryKind>(['charge', 'release']);

/** Later kinds take the place of earlier ones; `adjust` adds to them. */
const PRECEDENCE = ['charge', 'release', 'unknown', 'reserve'] as const satisfies EntryKind[];

/** Those of one kind by their sequence. */
export async function readEntries(
  transaction: LedgerTransaction,
  key: SubmissionKey,
): Promise<readonly EntryRow[]> {
  return transaction
    .selectFrom('entries')
    .selectAll()
    .where('job_id', '=', key.jobId)
    .where('number', '=', key.number)
    .orderBy('sequence')
    .execute();
}

/** The entry that says what a submission stands for now, before adjustments. */
export function findEffectiveEntry(entries: readonly EntryRow[]): EntryRow | undefined {
  for (const kind of PRECEDENCE) {
    const entry = entries.find((candidate) => candidate.kind === kind);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

export function isSettled(entries: readonly EntryRow[]): boolean {
  return entries.some((entry) => SETTLED.has(entry.kind));
}

/** Writes the one entry of a kind. The caller has looked: none is there. */
export async function writeEntry(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: Exclude<EntryKind, 'adjust'>,
  quote: Quote,
  at: string,
): Promise<void> {
  // A release says that nothing is owed any more; what was given back is the entry before it.
  const micros = kind === 'release' ? 0n : toMicros(quote.micros);
  const isEstimate = kind === 'charge' && quote.estimated;
  await insertEntry(transaction, key, kind, { quote, micros, isEstimate }, at);
}

/** Writes the entry that takes an estimated charge to its final amount; it may be negative. */
export async function writeAdjustment(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  charge: EntryRow,
  quote: Quote,
  at: string,
): Promise<void> {
  const micros = toMicros(quote.micros) - charge.micros;
  await insertEntry(transaction, key, 'adjust', { quote, micros, isEstimate: false }, at);
}

/** Takes back what a submission was charged, with one `adjust`, where it was charged at all. */
export async function cancelCharge(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  basis: string,
  at: string,
): Promise<void> {
  const entries = await readEntries(transaction, key);
  const charge = entries.find((entry) => entry.kind === 'charge');
  if (charge === undefined) return;
  const adjustments = entries.filter((entry) => entry.kind === 'adjust');
  const micros = 0n - adjustments.reduce((sum, entry) => sum + entry.micros, charge.micros);
  const sequence = BigInt(adjustments.length);
  const quote = { ...toQuote(charge), basis };
  await insertEntry(transaction, key, 'adjust', { quote, micros, sequence, isEstimate: false }, at);
}

interface EntryAmount {
  readonly quote: Quote;
  readonly micros: bigint;
  /** 0 where it is absent. */
  readonly sequence?: bigint;
  readonly isEstimate: boolean;
}

/** The one place where entries are written: with them, in the same transaction, the sums of their days. */
async function insertEntry(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  kind: EntryKind,
  { quote, micros, sequence = 0n, isEstimate }: EntryAmount,
  at: string,
): Promise<void> {
  refuseAbsurd(key, quote.currency, micros);
  const { closed_month: closedMonth, ...owner } = await readOwner(transaction, key);
  const entry: EntryRow = {
    job_id: key.jobId,
    number: key.number,
    kind,
    sequence,
    micros,
    currency: quote.currency,
    basis: quote.basis,
    price_source: quote.priceSource,
    estimated: isEstimate ? 1n : 0n,
    at: toBookedTime(at, closedMonth),
  };
  const replaced = findReplaced(entry, await readEntries(transaction, key));
  await transaction.insertInto('entries').values(entry).execute();
  await addToDailyMoney(transaction, owner, entry, replaced);
}

/** Sums of such amounts would not fit the database, and then no sum could be read any more. */
function refuseAbsurd(key: SubmissionKey, currency: string, micros: bigint): void {
  const magnitude = micros < 0n ? 0n - micros : micros;
  if (magnitude <= MOST_MICROS) return;
  throw new RequestError(
    'request.invalid',
    `submission ${key.number.toString()} of job ${key.jobId}: ${micros.toString()} micros ${currency} are more than ` +
      `one entry may be; correct the price in the configuration`,
    {
      details: { issues: [{ field: 'micros', rule: `must be at most ${MOST_MICROS.toString()}` }] },
    },
  );
}

/** Whose money it is, with the last month that takes no entry any more. */
async function readOwner(
  transaction: LedgerTransaction,
  key: SubmissionKey,
): Promise<EntryOwner & { readonly closed_month: string | null }> {
  return transaction
    .selectFrom('submissions')
    .innerJoin('jobs', 'jobs.job_id', 'submissions.job_id')
    .select([
      'jobs.tenant',
      'jobs.batch',
      'submissions.account',
      'submissions.model',
      'submissions.created_at',
    ])
    .select((expression) =>
      expression
        .selectFrom('closed_months')
        .select(({ fn }) => fn.max<string | null>('month').as('month'))
        .as('closed_month'),
    )
    .where('submissions.job_id', '=', key.jobId)
    .where('submissions.number', '=', key.number)
    .executeTakeFirstOrThrow();
}

/** The entry whose place a new one takes; an adjustment takes the place of the estimate in its charge. */
function findReplaced(entry: EntryRow, before: readonly EntryRow[]): EntryRow | undefined {
  const effective = findEffectiveEntry(before);
  if (entry.kind === 'reserve' || effective === undefined) return undefined;
  if (entry.kind !== 'adjust') return SETTLED.has(effective.kind) ? undefined : effective;
  return entry.sequence === 0n && effective.estimated === 1n ? effective : undefined;
}

/** Books that nothing is owed, unless the money is settled or the model has no price. */
export async function releaseMoney(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  at: string,
): Promise<void> {
  const entries = await readEntries(transaction, key);
  const effective = findEffectiveEntry(entries);
  if (effective === undefined || isSettled(entries)) return;
  await writeEntry(transaction, key, 'release', toQuote(effective), at);
}

/** Books that the reserved amount may be owed, unless that is booked or settled or the model has no price. */
export async function bookUnknown(
  transaction: LedgerTransaction,
  key: SubmissionKey,
  at: string,
): Promise<void> {
  const effective = findEffectiveEntry(await readEntries(transaction, key));
  if (effective?.kind !== 'reserve') return;
  await writeEntry(transaction, key, 'unknown', toQuote(effective), at);
}

function toQuote(entry: EntryRow): Quote {
  return {
    micros: entry.micros.toString(),
    currency: entry.currency,
    basis: entry.basis,
    priceSource: entry.price_source,
    estimated: false,
  };
}
