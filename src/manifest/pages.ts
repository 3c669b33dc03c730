import type { ArtifactStore } from '../core/artifact-store.ts';
import type { BatchItem, ManifestRef } from '../core/batch.ts';
import { RequestError, StorageError, isMediaJobError } from '../core/errors.ts';
import { checkBatchId, toPageKey } from '../core/keys.ts';
import type { Sealer } from '../core/sealer.ts';
import { parseItemLine, toItemLine } from './item-line.ts';
import { toPageLines } from './page-text.ts';
import type { StageFile, StagedPage } from './stage-file.ts';
import { hashLines, openStageFile } from './stage-file.ts';

export interface PublishOptions {
  /** Seals every item where the installation encrypts. */
  readonly sealer: Sealer;
}

export type PageStore = Pick<ArtifactStore, 'openTemporary' | 'publish' | 'open'>;

/** Items on their way into the store: nothing is there before {@link publish}. */
export interface ManifestStage {
  /** Throws `storage.full`, `storage.unavailable`. */
  add(item: BatchItem): Promise<void>;
  /**
   * Puts the pages at their keys and names them. Run twice: the same pages are found there. `request.invalid` where there
   * are no items; throws `storage.*`.
   */
  publish(store: PageStore, batch: string): Promise<ManifestRef>;
  /** Removes what was staged. Safe twice. */
  discard(): Promise<void>;
}

/** Opens a stage in a temporary folder of this machine. The caller discards it. Throws `storage.full`, `storage.unavailable`. */
export async function stageManifest({ sealer }: PublishOptions): Promise<ManifestStage> {
  const file = await openStageFile(sealer);
  return {
    add: (item) => file.add(toItemLine(item)),
    publish: async (store, batch) => {
      checkBatchId(batch, 'batch');
      if (file.lines === 0) throw empty();
      const pages = await file.finish();
      const revision = file.revision();
      for (const [index, page] of pages.entries()) {
        await putPage(store, sealer, toPageKey(batch, revision, index), file, page);
      }
      return { revision, pages: pages.length, items: file.lines };
    },
    discard: () => file.discard(),
  };
}

/**
 * Puts items into the store as pages and names them. Nothing is stored where `items` throws. Run twice: the same pages
 * and the same name. `request.invalid` where there are no items; throws `storage.*`.
 *
 * @example
 * const manifest = await publishManifest(installation.openStore(), 'nightly', items, { sealer: installation.sealer });
 * console.log(manifest.revision, manifest.items);
 */
export async function publishManifest(
  store: PageStore,
  batch: string,
  items: Iterable<BatchItem> | AsyncIterable<BatchItem>,
  options: PublishOptions,
): Promise<ManifestRef> {
  const stage = await stageManifest(options);
  try {
    for await (const item of items) await stage.add(item);
    return await stage.publish(store, batch);
  } finally {
    await stage.discard();
  }
}

/** The items of one page, by its key. `storage.missing`, `storage.corrupt`; `ledger.unavailable` without the key that sealed it. */
export async function readPage(
  store: Pick<ArtifactStore, 'open'>,
  sealer: Sealer,
  key: string,
): Promise<BatchItem[]> {
  const lines = await readLinesOf(store, sealer, key);
  return lines.map((line) => parseItemLine(line, key));
}

async function readLinesOf(
  store: Pick<ArtifactStore, 'open'>,
  sealer: Sealer,
  key: string,
): Promise<readonly string[]> {
  const source = await store.open(key);
  try {
    const bytes = await source.read(0, source.sizeBytes);
    return toPageLines(Buffer.from(bytes).toString('utf8'), sealer, key);
  } finally {
    await source.close();
  }
}

async function putPage(
  store: PageStore,
  sealer: Sealer,
  key: string,
  file: StageFile,
  page: StagedPage,
): Promise<void> {
  const temporary = await store.openTemporary(key);
  try {
    await temporary.write(await file.read(page));
    await temporary.finish();
    await store.publish(temporary, key);
  } catch (error) {
    // Sealed twice, the same lines are other bytes: those that lie there may say the same.
    if (!isMediaJobError(error) || error.code !== 'storage.corrupt') throw error;
    const lines = await readLinesOf(store, sealer, key);
    if (hashLines(lines) !== page.sha256) throw otherItems(key, error);
  } finally {
    await temporary.discard();
  }
}

function otherItems(key: string, cause: unknown): StorageError {
  return new StorageError(
    'storage.corrupt',
    `${key} holds other items than its revision says; remove it and start the batch again`,
    { cause },
  );
}

function empty(): RequestError {
  return new RequestError('request.invalid', 'the manifest holds no items; nothing was started');
}
