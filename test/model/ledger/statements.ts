import type { CurrencyTotals, EntryRecord, SubmissionRecord } from '../../../src/core/ledger.ts';
import type {
  BookedEntry,
  MoneyDimension,
  MoneyFilter,
  MoneyLine,
} from '../../../src/core/money-book.ts';
import type { Book } from './book.ts';
import { totalsOf } from './money.ts';
import { by } from './readings.ts';

export function allEntries(book: Book, filter: MoneyFilter): readonly BookedEntry[] {
  return book
    .allSubmissions()
    .flatMap((row) => book.entriesOf(row).map((entry) => toBooked(book, row, entry)))
    .filter((entry) => passes(entry, filter))
    .sort(
      by(
        (entry) => entry.at,
        (entry) => entry.jobId,
        (entry) => String(entry.number).padStart(9, '0'),
        (entry) => entry.kind,
        (entry) => String(entry.sequence).padStart(9, '0'),
      ),
    );
}

function toBooked(book: Book, row: SubmissionRecord, entry: EntryRecord): BookedEntry {
  const { tenant, batch } = book.requireJob(row.jobId);
  const { account, model, taskId } = row;
  return { ...entry, tenant, batch, account, model, taskId };
}

function passes(entry: BookedEntry, filter: MoneyFilter): boolean {
  const { from, before, ...equal } = filter;
  if (from !== undefined && entry.at < from) return false;
  if (before !== undefined && entry.at >= before) return false;
  const keys = ['tenant', 'batch', 'account', 'model', 'currency'] as const;
  return keys.every((key) => equal[key] === undefined || equal[key] === entry[key]);
}

/** What a submission stands for after each of its entries, less what it stood for before. */
export function summarizeMoney(
  book: Book,
  filter: MoneyFilter,
  dimensions: readonly MoneyDimension[],
): readonly MoneyLine[] {
  const sums = new Map<string, bigint[]>();
  for (const row of book.allSubmissions()) {
    const entries = book.entriesOf(row);
    for (const [index, entry] of entries.entries()) {
      const before = totalsOf([entries.slice(0, index)]);
      const after = totalsOf([entries.slice(0, index + 1)]);
      for (const currency of new Set([...before, ...after].map((one) => one.currency))) {
        const at = filter.dated === 'admitted' ? row.createdAt : entry.at;
        const booked = toBooked(book, row, { ...entry, currency, at });
        if (!passes(booked, filter)) continue;
        const group = dimensions.map((dimension) => valueOf(booked, dimension) ?? '');
        const key = JSON.stringify([...group, currency]);
        const line = sums.get(key) ?? [0n, 0n, 0n, 0n, 0n];
        sums.set(key, line);
        for (const [place, sum] of (
          ['charged', 'estimated', 'reserved', 'unknown'] as const
        ).entries()) {
          const change = amountOf(after, currency, sum) - amountOf(before, currency, sum);
          line[place] = (line[place] ?? 0n) + change;
        }
        if (entry.kind === 'charge' && entry.currency === currency) line[4] = (line[4] ?? 0n) + 1n;
      }
    }
  }
  const names = [...dimensions, 'currency'];
  const keys = names.map(
    (_, index) =>
      ([key]: [string, bigint[]]): string =>
        part(key, index),
  );
  return [...sums].sort(by(...keys)).map(([key, line]) => toLine(key, line, dimensions));
}

function part(key: string, index: number): string {
  return (JSON.parse(key) as string[])[index] ?? '';
}

function valueOf(entry: BookedEntry, dimension: MoneyDimension): string | null {
  if (dimension === 'day') return entry.at.slice(0, 10);
  return dimension === 'month' ? entry.at.slice(0, 7) : entry[dimension];
}

function amountOf(
  totals: readonly CurrencyTotals[],
  currency: string,
  sum: 'charged' | 'estimated' | 'reserved' | 'unknown',
): bigint {
  return BigInt(totals.find((one) => one.currency === currency)?.[sum] ?? '0');
}

function toLine(
  key: string,
  line: readonly bigint[],
  dimensions: readonly MoneyDimension[],
): MoneyLine {
  const group = dimensions.map(
    (dimension, index) => [dimension, part(key, index) || null] as const,
  );
  const [chargedMicros, estimatedMicros, reservedMicros, unknownMicros] = line.map(String);
  return {
    group: Object.fromEntries(group),
    currency: part(key, dimensions.length),
    chargedMicros: chargedMicros ?? '0',
    estimatedMicros: estimatedMicros ?? '0',
    reservedMicros: reservedMicros ?? '0',
    unknownMicros: unknownMicros ?? '0',
    charges: Number(line[4] ?? 0n),
  };
}
