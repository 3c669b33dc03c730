import type { Cost, DecisionRecord } from './job.ts';
import type { EntryRecord, SubmissionId } from './ledger-records.ts';
import type { Currency } from './money.ts';

/**
 * The ledger's side of money beyond single jobs. Amounts are decimal micros of one currency; none is ever converted.
 *
 * Laws, checked by the ledger contract suite:
 * - Sums over any partition of the entries add up to the sum over all of them.
 * - A closed month keeps its totals: what is booked later is dated into the first month that is open.
 * - Money that is settled stays settled; the same decision again changes nothing.
 */
export interface MoneyBook {
  /** Keeps the account from being submitted to until then; a pause that ends later stands. */
  pauseAccount(account: string, pause: AccountPause): Promise<void>;
  /** Pauses that have not ended at `at`, by account. */
  pauses(at: string): Promise<ReadonlyMap<string, AccountPause>>;
  /** Books what an ended submission whose money is `unknown` really cost. Written once per decision. */
  settleMoney(
    submission: SubmissionId,
    settlement: Settlement,
    decision: DecisionRecord,
    at: string,
  ): Promise<SettledMoney>;
  /** Fixes the totals of every month up to this one, `YYYY-MM`. `request.invalid` for a month that has not ended at `at`. */
  closeMonth(month: string, author: string, at: string): Promise<readonly MonthTotal[]>;
  /** Totals of closed months, oldest first. */
  closedMonths(): Promise<readonly MonthTotal[]>;
  /** Sums by the dimensions, in their order; with none, one line per currency. */
  summarizeMoney(filter: MoneyFilter, by: readonly MoneyDimension[]): Promise<readonly MoneyLine[]>;
  /** Oldest first. */
  allEntries(filter: MoneyFilter): AsyncIterable<BookedEntry>;
  /** Every row as it lies in the database, table by table, so that a ledger can be rebuilt from them. */
  exportRows(): AsyncIterable<ExportedRow>;
  /** Writes exported rows into a ledger that holds none. All or nothing. `ledger.conflict` where it holds any. */
  importRows(rows: AsyncIterable<ExportedRow>): Promise<number>;
}

/** Why an account is not submitted to. */
export interface AccountPause {
  /** Code of the refusal, e.g. `provider.out_of_credit`. */
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
  readonly until: string;
}

export type Settlement =
  /** It was billed, at this amount in the currency of its reservation. */
  | { readonly kind: 'charge'; readonly micros: string }
  /** It was not billed. */
  | { readonly kind: 'release' };

export type SettledMoney =
  | { readonly kind: 'settled'; readonly cost: Cost }
  /** Its money is not `unknown`, or its submission has not ended: why, for a person. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface MonthTotal {
  /** `YYYY-MM`, UTC. */
  readonly month: string;
  readonly currency: Currency;
  /** Sum of charges and adjustments dated in it. */
  readonly chargedMicros: string;
  readonly entries: number;
  readonly closedAt: string;
  readonly author: string;
}

export type MoneyDimension = 'tenant' | 'batch' | 'account' | 'model' | 'day' | 'month';

export interface MoneyFilter {
  /** Which day of an entry counts in sums: its own, or that of its submission's admission. Default `booked`. */
  readonly dated?: 'booked' | 'admitted';
  /** First day, `YYYY-MM-DD`, UTC, by the date of the entry. */
  readonly from?: string;
  /** The day after the last. */
  readonly before?: string;
  readonly tenant?: string;
  readonly batch?: string;
  readonly account?: string;
  readonly model?: string;
  readonly currency?: Currency;
}

/** What the entries of one group add up to. */
export interface MoneyLine {
  /** By dimension; `null` for jobs without a tenant or batch. */
  readonly group: Readonly<Partial<Record<MoneyDimension, string | null>>>;
  readonly currency: Currency;
  /** Charges and adjustments. */
  readonly chargedMicros: string;
  /** Of the charges, those that an adjustment is still to follow. */
  readonly estimatedMicros: string;
  /** Change of what is reserved: over all days what is reserved now. */
  readonly reservedMicros: string;
  /** Change of what is unknown: over all days what is unknown now. */
  readonly unknownMicros: string;
  /** Submissions charged. */
  readonly charges: number;
}

export interface BookedEntry extends EntryRecord {
  readonly tenant: string | null;
  readonly batch: string | null;
  readonly account: string;
  readonly model: string;
  readonly taskId: string | null;
}

/** One row of a table; bigints as decimal strings. JSON-plain. */
export interface ExportedRow {
  readonly table: string;
  readonly row: Readonly<Record<string, string | null>>;
}
