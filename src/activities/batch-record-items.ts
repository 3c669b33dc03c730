import type { BatchMoney, ItemResult } from '../core/batch.ts';
import type { BatchPorts } from './batch-ports.ts';
import { publishOnce } from './batch-store.ts';

export interface RecordItemsStep {
  readonly batch: string;
  /** Given to these results and to no others. */
  readonly key: string;
  readonly results: readonly ItemResult[];
}

export interface ItemsRecorded {
  /** Of the whole batch, by the ledger. */
  readonly money: readonly BatchMoney[];
}

/**
 * Stores results as they come, and tells what the batch has cost so far.
 * Run twice: the second run finds what the first stored. Throws `storage.*`, `ledger.unavailable`.
 */
export async function recordItems(
  { store, ledger }: BatchPorts,
  { batch, key, results }: RecordItemsStep,
): Promise<ItemsRecorded> {
  await publishOnce(store, key, results);
  const { money } = await ledger.batchFigures(batch);
  return { money };
}
