import type { Money } from '../core/money.ts';
import type { ManifestProblem } from './problems.ts';
import type { ManifestLine } from './read-manifest.ts';

/** What the priced items of one currency are quoted at together. */
export interface QuotedTotal extends Money {
  readonly items: number;
  /** True where one of the quotes is an upper bound. */
  readonly estimated: boolean;
}

export interface ModelCount {
  /** `<account>/<model>` */
  readonly model: string;
  readonly items: number;
}

export interface ManifestSummary {
  /** Good items. */
  readonly items: number;
  readonly quoted: readonly QuotedTotal[];
  /** Items whose model has no price. */
  readonly unpriced: number;
  /** Most items first. */
  readonly models: readonly ModelCount[];
  /** The first {@link MOST_PROBLEMS_KEPT} of them. */
  readonly problems: readonly ManifestProblem[];
  /** All of them. */
  readonly problemCount: number;
}

/** Counts as lines go by. */
export interface Summary {
  add(line: ManifestLine): void;
  read(): ManifestSummary;
}

export const MOST_PROBLEMS_KEPT = 1000;

interface Total {
  micros: bigint;
  items: number;
  estimated: boolean;
}

export function createSummary(): Summary {
  const totals = new Map<string, Total>();
  const models = new Map<string, number>();
  const problems: ManifestProblem[] = [];
  let items = 0;
  let unpriced = 0;
  let problemCount = 0;
  return {
    add: (line) => {
      if (line.kind === 'problems') {
        problemCount += line.problems.length;
        problems.push(...line.problems.slice(0, MOST_PROBLEMS_KEPT - problems.length));
        return;
      }
      const { item, quote } = line;
      const { model } = item.request;
      items += 1;
      models.set(model, (models.get(model) ?? 0) + 1);
      if (quote === null) {
        unpriced += 1;
        return;
      }
      const total = totals.get(quote.currency) ?? { micros: 0n, items: 0, estimated: false };
      total.micros += BigInt(quote.micros);
      total.items += 1;
      total.estimated ||= quote.estimated;
      totals.set(quote.currency, total);
    },
    read: () => ({
      items,
      quoted: [...totals].map(([currency, { micros, ...rest }]) => ({
        currency,
        micros: micros.toString(),
        ...rest,
      })),
      unpriced,
      models: [...models]
        .map(([model, count]) => ({ model, items: count }))
        .sort((left, right) => right.items - left.items),
      problems: [...problems],
      problemCount,
    }),
  };
}

/** Reads all lines and holds counts, sums and the first problems only. */
export async function summarise(lines: AsyncIterable<ManifestLine>): Promise<ManifestSummary> {
  const summary = createSummary();
  for await (const line of lines) summary.add(line);
  return summary.read();
}
