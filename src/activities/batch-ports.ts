import type { BatchRuns } from '../core/batch-runs.ts';
import type { BatchItem, ItemResult } from '../core/batch.ts';
import type { ActivityPorts } from './ports.ts';

/** What the activities of batches reach the world through, beside what those of jobs do. */
export interface BatchPorts extends Pick<
  ActivityPorts,
  'accounts' | 'ledger' | 'store' | 'clock' | 'logger'
> {
  readonly runs: BatchRuns;
  /** The items of one page, by its key. `storage.missing`, `storage.corrupt`. */
  readonly readPage: (key: string) => Promise<readonly BatchItem[]>;
  /** Rows of an output manifest as CSV, header first. */
  readonly toCsv: (results: AsyncIterable<ItemResult>) => AsyncIterable<string>;
}
