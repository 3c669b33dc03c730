import type { BatchHandle } from '../client/batches-types.ts';
import type { BatchState } from '../core/batch.ts';
import { printBatch } from './batch-state.ts';
import type { Terminal } from './terminal.ts';

/** Prints a batch for a person; of one that has ended also which items failed, and why. `storage.*` */
export async function showBatch(
  terminal: Terminal,
  batch: Pick<BatchHandle, 'totals'>,
  state: BatchState,
): Promise<void> {
  const isWorthIt = state.manifestKey !== null && Object.keys(state.failures).length > 0;
  const totals = isWorthIt ? await batch.totals() : null;
  printBatch(terminal, state, totals?.failures);
}
