import type { ArtifactStore } from '../core/artifact-store.ts';
import type { BatchTotals } from '../core/batch-totals.ts';
import { isMediaJobError } from '../core/errors.ts';
import { toTotalsKey } from '../core/keys.ts';

/** What the newest output manifest of a batch comes to; `null` where there is none. Throws `storage.*`. */
export async function readBatchTotals(
  store: Pick<ArtifactStore, 'open'>,
  batch: string,
): Promise<BatchTotals | null> {
  try {
    const reader = await store.open(toTotalsKey(batch));
    try {
      const bytes = await reader.read(0, reader.sizeBytes);
      return JSON.parse(Buffer.from(bytes).toString('utf8')) as BatchTotals;
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (isMediaJobError(error) && error.code === 'storage.missing') return null;
    throw error;
  }
}
