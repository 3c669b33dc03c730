import type { ArtifactStore, ObjectLabel } from '../core/artifact-store.ts';

/** Puts a few bytes at a key. Run twice: the same bytes are found there. Throws `storage.*`. */
export async function publishBytes(
  store: Pick<ArtifactStore, 'openTemporary' | 'publish'>,
  key: string,
  bytes: Uint8Array,
  label?: ObjectLabel,
): Promise<void> {
  const temporary = await store.openTemporary(key);
  try {
    await temporary.write(bytes);
    await temporary.finish();
    await store.publish(temporary, key, label);
  } finally {
    await temporary.discard();
  }
}
