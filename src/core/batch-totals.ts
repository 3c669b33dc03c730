import type { BatchMoney, ItemResult } from './batch.ts';
import type { ErrorCode } from './error-codes.ts';
import type { EndStatus } from './job.ts';
import { isEndStatus } from './job.ts';

/** Items that ended with one code. */
export interface FailureGroup {
  readonly code: ErrorCode;
  readonly items: number;
  /** Of the first item of the group. */
  readonly message: string;
  /** Ids of the first few. */
  readonly examples: readonly string[];
}

/** What an output manifest comes to. */
export interface BatchTotals {
  readonly items: number;
  readonly ended: Readonly<Record<EndStatus, number>>;
  readonly artifacts: number;
  /** By the ledger. */
  readonly money: readonly BatchMoney[];
  /** Most items first. */
  readonly failures: readonly FailureGroup[];
}

/** Counts the lines of an output manifest as they go by. Holds sums only. */
export interface TotalsCounter {
  add(result: ItemResult): void;
  totals(money: readonly BatchMoney[]): BatchTotals;
}

const EXAMPLES_KEPT = 3;

export function createTotalsCounter(): TotalsCounter {
  const ended: Record<EndStatus, number> = { succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  const failures = new Map<ErrorCode, FailureGroup>();
  let items = 0;
  let artifacts = 0;
  return {
    add: (result) => {
      items += 1;
      artifacts += result.artifacts.length;
      if (isEndStatus(result.status)) ended[result.status] += 1;
      addFailure(failures, result);
    },
    totals: (money) => ({
      items,
      ended: { ...ended },
      artifacts,
      money,
      failures: [...failures.values()].sort((left, right) => right.items - left.items),
    }),
  };
}

function addFailure(failures: Map<ErrorCode, FailureGroup>, { error, item }: ItemResult): void {
  if (error === null) return;
  const { code, message } = error;
  const group = failures.get(code) ?? { code, items: 0, message, examples: [] };
  const examples =
    group.examples.length < EXAMPLES_KEPT ? [...group.examples, item] : group.examples;
  failures.set(code, { ...group, items: group.items + 1, examples });
}
