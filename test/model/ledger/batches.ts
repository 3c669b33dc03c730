import type { BatchFigures } from '../../../src/core/batch-book.ts';
import type { Budget } from '../../../src/core/budget.ts';
import type { DurationFilter, DurationKey, ObservedDuration } from '../../../src/core/durations.ts';
import type { JobRecord, OpenJobRequest, SubmissionId } from '../../../src/core/ledger.ts';
import type { Book } from './book.ts';
import { totalsOf } from './money.ts';
import { by } from './readings.ts';

const KEPT = 500;

/** Those of the request, and the one that was set for the job's batch. */
export function budgetsFor(
  book: Book,
  { batch }: JobRecord,
  { budgets = [] }: OpenJobRequest,
): readonly Budget[] {
  const budget = batch === null ? undefined : book.batchBudgets.get(batch);
  if (batch === null || budget === undefined) return budgets;
  return [
    ...budgets,
    { name: `batch ${batch}`, scope: 'batch', of: batch, per: 'ever', ...budget },
  ];
}

export function batchFigures(book: Book, batch: string): BatchFigures {
  const rows = book.allSubmissions().filter(({ jobId }) => book.requireJob(jobId).batch === batch);
  const totals = totalsOf(rows.map((row) => book.entriesOf(row)));
  return {
    unknownSubmissions: rows.filter(({ state }) => state === 'unknown').length,
    money: totals.map(({ currency, charged, reserved, unknown }) => ({
      currency,
      spent: charged,
      reserved,
      unknown,
    })),
  };
}

export function recordDuration(
  book: Book,
  { jobId, number }: SubmissionId,
  key: DurationKey,
  observed: ObservedDuration,
  at: string,
): void {
  const id = `${jobId}#${number}`;
  if (!book.durations.has(id)) book.durations.set(id, { id, at, ...key, ...observed });
  for (const old of newestDurations(book, key).slice(KEPT)) book.durations.delete(old.id);
}

export function durations(
  book: Book,
  filter: DurationFilter,
  limit: number,
): readonly ObservedDuration[] {
  return newestDurations(book, filter)
    .slice(0, limit)
    .map(({ unfinishedSeconds, finishedSeconds }) => ({ unfinishedSeconds, finishedSeconds }));
}

function newestDurations(book: Book, { account, model, variant }: DurationFilter) {
  return [...book.durations.values()]
    .filter(
      (one) =>
        one.account === account &&
        one.model === model &&
        (variant === undefined || one.variant === variant),
    )
    .sort(
      by(
        (one) => one.at,
        (one) => one.id,
      ),
    )
    .reverse();
}
