import type { BatchMoney } from './batch.ts';
import type { Currency } from './money.ts';

/** What the jobs of one batch may cost together, set at run time; budgets of the configuration hold beside it. */
export interface BatchBudget {
  readonly currency: Currency;
  /** Decimal. */
  readonly limitMicros: string;
}

/** Where the jobs of a batch stand, by the ledger. */
export interface BatchFigures {
  /** Submissions of which nobody can tell whether they were accepted. */
  readonly unknownSubmissions: number;
  readonly money: readonly BatchMoney[];
}

/** The part of the ledger that knows batches. Every member is one transaction. */
export interface BatchBook {
  /**
   * Sets or, with `null`, removes the budget that every later reservation of the batch's jobs must fit, beside those of
   * the configuration. Run twice: the same. `ledger.unavailable`.
   */
  setBatchBudget(batch: string, budget: BatchBudget | null, at: string): Promise<void>;
  batchBudget(batch: string): Promise<BatchBudget | null>;
  batchFigures(batch: string): Promise<BatchFigures>;
}
