import { budgetsOf, toPeriodStart } from '../../../src/core/budget.ts';
import type { Budget } from '../../../src/core/budget.ts';
import { LedgerError, RequestError } from '../../../src/core/errors.ts';
import type { DecisionRecord } from '../../../src/core/job.ts';
import type {
  CurrencyTotals,
  EntryRecord,
  JobRecord,
  OpenJobRequest,
  SubmissionId,
  SubmissionRecord,
} from '../../../src/core/ledger.ts';
import type {
  AccountPause,
  MonthTotal,
  SettledMoney,
  Settlement,
} from '../../../src/core/money-book.ts';
import type { Book } from './book.ts';
import { budgetsFor } from './batches.ts';
import { toCost, totalsOf, write } from './money.ts';
import { allEntries } from './statements.ts';

export function pauseAccount(book: Book, account: string, pause: AccountPause): void {
  const known = book.pauses.get(account);
  if (known === undefined || known.until < pause.until) book.pauses.set(account, pause);
}

export function pauses(book: Book, at: string): ReadonlyMap<string, AccountPause> {
  return new Map([...book.pauses].filter(([, pause]) => pause.until > at).sort());
}

/** `passing` is a submission whose reservation goes over to the new one. */
export function refuseOverBudget(
  book: Book,
  job: JobRecord,
  request: OpenJobRequest,
  passing?: SubmissionRecord,
): void {
  const { quote, adopt } = request;
  if (adopt !== undefined) return;
  const budgets = budgetsFor(book, job, request);
  if (quote === null) {
    const budget = budgets.find((one) => budgetsOf({ ...job, currency: one.currency }, [one])[0]);
    if (budget === undefined) return;
    const details = { reason: 'unpriced', budget: budget.name };
    throw new RequestError('request.over_budget', `no price: accounts.${job.account}.prices`, {
      details,
    });
  }
  for (const budget of budgetsOf({ ...job, currency: quote.currency }, budgets)) {
    const spent = spentOf(book, job, budget, request.at, passing);
    const sums = [spent?.charged, spent?.reserved, spent?.unknown].map((one) => BigInt(one ?? '0'));
    const total = sums.reduce((sum, one) => sum + one, BigInt(quote.micros));
    if (total <= BigInt(budget.limitMicros)) continue;
    const { name, scope, per, currency, limitMicros } = budget;
    const of = scope === 'all' ? null : job[scope];
    const [spentMicros, reservedMicros, unknownMicros] = sums.map(String);
    const amounts = { spentMicros, reservedMicros, unknownMicros, askedMicros: quote.micros };
    throw new RequestError('request.over_budget', `budget "${name}" has no room`, {
      details: { budget: name, scope, of, per, currency, limitMicros, ...amounts },
    });
  }
}

function spentOf(
  book: Book,
  job: JobRecord,
  { scope, per, currency }: Budget,
  at: string,
  passing: SubmissionRecord | undefined,
): CurrencyTotals | undefined {
  const start = toPeriodStart(per, at);
  const rows = book.allSubmissions().filter((row) => {
    if (row.jobId === passing?.jobId && row.number === passing.number) return false;
    const isIn = start === null || toPeriodStart(per, row.createdAt) === start;
    return isIn && (scope === 'all' || book.requireJob(row.jobId)[scope] === job[scope]);
  });
  const totals = totalsOf(rows.map((row) => book.entriesOf(row)));
  return totals.find((one) => one.currency === currency);
}

export function settleMoney(
  book: Book,
  id: SubmissionId,
  settlement: Settlement,
  decision: DecisionRecord,
  at: string,
): SettledMoney {
  const row = book.require(id);
  const source = `decision ${decision.id}`;
  if (book.isDecided(id.jobId, 'settle', decision)) {
    const entry = book.entriesOf(id).find(({ priceSource }) => priceSource === source);
    const isSame =
      entry?.kind === settlement.kind &&
      (settlement.kind === 'release' || entry.micros === settlement.micros);
    if (isSame) return settled(book, id);
    throw new LedgerError('ledger.conflict', `decision ${decision.id} stands for another one`);
  }
  const cost = toCost(book.entriesOf(id));
  if (row.endedAt === null) return { kind: 'refused', reason: 'it has not ended' };
  if (cost?.state !== 'unknown') return { kind: 'refused', reason: 'its money is not unknown' };
  const micros = settlement.kind === 'charge' ? settlement.micros : '0';
  if (!/^(0|[1-9][0-9]{0,17})$/.test(micros)) {
    throw new RequestError('request.invalid', `"${micros}" is not an amount`);
  }
  const { currency } = cost;
  const basis = `settled by ${decision.author}`;
  const quote = { currency, micros, basis, priceSource: source, estimated: false };
  write(book, id, settlement.kind, quote, at);
  book.decide(id, 'settle', decision, at);
  return settled(book, id);
}

function settled(book: Book, id: SubmissionId): SettledMoney {
  const cost = toCost(book.entriesOf(id));
  return cost === null ? { kind: 'refused', reason: 'no entry' } : { kind: 'settled', cost };
}

export function closeMonth(
  book: Book,
  month: string,
  author: string,
  at: string,
): readonly MonthTotal[] {
  const end = /^\d{4}-(0[1-9]|1[0-2])$/.test(month) ? endOf(month) : undefined;
  if (end === undefined || end > at) {
    throw new RequestError('request.invalid', `month ${month} cannot be closed`);
  }
  const last = book.closedMonth;
  if (last === undefined || last < month) {
    const open = allEntries(book, { before: end }).filter(
      (entry) => last === undefined || entry.at.slice(0, 7) > last,
    );
    const groups = new Map<string, EntryRecord[]>();
    for (const entry of open) {
      const group = `${entry.at.slice(0, 7)} ${entry.currency}`;
      groups.set(group, [...(groups.get(group) ?? []), entry]);
    }
    for (const [group, entries] of [...groups].sort()) {
      const [of = '', currency = ''] = group.split(' ');
      const chargedMicros = charged(entries).toString();
      const facts = { month: of, currency, chargedMicros, entries: entries.length };
      book.monthTotals.push({ ...facts, closedAt: at, author });
    }
    book.closedMonth = month;
  }
  return book.monthTotals.filter((total) => total.month <= month);
}

function endOf(month: string): string {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year ?? 0, number ?? 0, 1)).toISOString();
}

/** What is booked into a month that takes nothing any more is dated to the first moment after it. */
export function toBookedTime(book: Book, at: string): string {
  const { closedMonth } = book;
  return closedMonth === undefined || at.slice(0, 7) > closedMonth ? at : endOf(closedMonth);
}

function charged(entries: readonly EntryRecord[]): bigint {
  return entries
    .filter(({ kind }) => kind === 'charge' || kind === 'adjust')
    .reduce((sum, { micros }) => sum + BigInt(micros), 0n);
}
