import type { ItemResult } from '../core/batch.ts';
import { NOT_STARTED } from '../core/batch-tally.ts';
import { toItemResult } from '../core/item-result.ts';
import type { ItemName } from '../core/item-result.ts';
import { splitModel } from '../core/keys.ts';
import type { JobRecord } from '../core/ledger.ts';
import type { BatchPorts } from './batch-ports.ts';

/** The same, with the facts of the ledger's row. */
export function withRow(
  result: ItemResult,
  { account, provider, model, currentNumber, createdAt }: JobRecord,
  taskId: string | null,
): ItemResult {
  const startedAt = createdAt;
  return { ...result, account, provider, model, taskId, submissions: currentNumber, startedAt };
}

/** The end that the ledger has of a job; `undefined` while it has none. */
export function endOf(row: JobRecord | undefined, item: string): ItemResult | undefined {
  if (row === undefined || row.endedAt === null || row.result === null) return undefined;
  return { item, ...row.result };
}

/** An item by its id and its `<account>/<model>`. */
export function nameItem({ accounts }: BatchPorts, id: string, model: string): ItemName {
  const provider = accounts.get(splitModel(model)?.account ?? '')?.account.provider;
  return { id, model, ...(provider === undefined ? {} : { provider }) };
}

/** An item whose turn never came. */
export function toNotStarted(
  ports: BatchPorts,
  batch: string,
  id: string,
  model: string,
  reason: string | null,
): ItemResult {
  const why = reason === null ? '' : ` (${reason})`;
  return toItemResult(ports.clock, batch, nameItem(ports, id, model), 'cancelled', {
    code: NOT_STARTED,
    message: `item ${id} was never started: batch ${batch} was stopped before its turn${why}; run the manifest again to start it`,
    details: {},
  });
}
