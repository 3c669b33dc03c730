import type { ArtifactStore, ObjectLabel } from '../core/artifact-store.ts';
import type { ItemResult } from '../core/batch.ts';
import { isMediaJobError } from '../core/errors.ts';
import { publishBytes } from './publish-bytes.ts';

type ResultStore = Pick<ArtifactStore, 'openTemporary' | 'publish' | 'head' | 'open'>;

const LABEL = { mediaType: 'application/jsonl', metadata: {} };

/** Puts results at a key as JSON lines. What another attempt has put there first stands. Throws `storage.*`. */
export async function publishOnce(
  store: ResultStore,
  key: string,
  results: readonly ItemResult[],
): Promise<void> {
  await publishTextOnce(
    store,
    key,
    results.map((result) => `${JSON.stringify(result)}\n`).join(''),
    LABEL,
  );
}

/** The same for any text. */
export async function publishTextOnce(
  store: ResultStore,
  key: string,
  text: string,
  label: ObjectLabel,
): Promise<void> {
  if ((await store.head(key)) !== undefined) return;
  await unlessTaken(publishBytes(store, key, Buffer.from(text), label));
}

/** An attempt that was given up may still write, and be first: what it has published stands. */
export async function unlessTaken(publishing: Promise<void>): Promise<void> {
  try {
    await publishing;
  } catch (error) {
    if (!isMediaJobError(error) || error.code !== 'storage.corrupt') throw error;
  }
}

/** The results at a key. `storage.missing`. */
export async function readResults(
  store: Pick<ArtifactStore, 'open'>,
  key: string,
): Promise<readonly ItemResult[]> {
  const reader = await store.open(key);
  try {
    const text = Buffer.from(await reader.read(0, reader.sizeBytes)).toString('utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as ItemResult);
  } finally {
    await reader.close();
  }
}
