import { toIsoTime } from '../core/clock.ts';
import type { BatchBudget } from '../core/batch-book.ts';
import type { BatchPorts } from './batch-ports.ts';
import { waitFor } from './wait.ts';

export interface WatchUnknownStep {
  readonly batch: string;
  readonly above: number;
}

export interface UnknownFound {
  readonly unknown: number;
}

export interface BatchBudgetStep {
  readonly batch: string;
  /** `null` removes it. */
  readonly budget: BatchBudget | null;
}

const LOOK_AGAIN_MS = 10_000;

/**
 * Returns once more submissions of the batch are unknown than are allowed; until then the server runs it again, which
 * writes no history. Run twice: both runs return what the ledger says. Throws `ledger.unavailable`.
 */
export async function watchUnknown(
  { ledger }: BatchPorts,
  { batch, above }: WatchUnknownStep,
): Promise<UnknownFound> {
  const { unknownSubmissions } = await ledger.batchFigures(batch);
  if (unknownSubmissions > above) return { unknown: unknownSubmissions };
  const message = `${unknownSubmissions} submissions are unknown, ${above} are allowed`;
  throw waitFor('wait.rule', message, LOOK_AGAIN_MS);
}

/** What later jobs of the batch must fit. Run twice: the same. Throws `ledger.unavailable`. */
export async function setBatchBudget(
  { ledger, clock }: BatchPorts,
  { batch, budget }: BatchBudgetStep,
): Promise<void> {
  await ledger.setBatchBudget(batch, budget, toIsoTime(clock()));
}
