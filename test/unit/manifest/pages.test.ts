import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactStore } from '../../../src/core/artifact-store.ts';
import type { BatchItem, ManifestRef } from '../../../src/core/batch.ts';
import { MAX_PAGE_BYTES, MAX_PAGE_ITEMS } from '../../../src/core/batch.ts';
import { toPageKey } from '../../../src/core/keys.ts';
import type { Sealer } from '../../../src/core/sealer.ts';
import { PLAIN } from '../../../src/core/sealer.ts';
import { createSealer } from '../../../src/encryption/sealer.ts';
import { publishManifest, readPage, stageManifest } from '../../../src/manifest/index.ts';
import { createArtifactStore } from '../../../src/storage/index.ts';
import { until } from '../../installation/until.ts';
import { ringOf, writeKey } from '../encryption/keys.ts';

let folder = '';
let store: ArtifactStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pollux-pages-test-'));
  store = createArtifactStore(`file:${join(folder, 'artifacts')}`, {
    temporaryDirectory: undefined,
  });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const toItems = (count: number, prompt = 'A harbour'): readonly BatchItem[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `shot-${String(index)}`,
    request: { model: 'studio/wan2.6-t2v', prompt, extra: { b: 1, a: { d: 2, c: 3 } } },
  }));

const publish = (items: readonly BatchItem[], sealer: Sealer = PLAIN): Promise<ManifestRef> =>
  publishManifest(store, 'nightly', items, { sealer });

async function readBack(ref: ManifestRef, sealer: Sealer = PLAIN): Promise<readonly BatchItem[]> {
  const keys = Array.from({ length: ref.pages }, (_, page) =>
    toPageKey('nightly', ref.revision, page),
  );
  const pages = await Promise.all(keys.map((key) => readPage(store, sealer, key)));
  return pages.flat();
}

function newSealer(id: string): Sealer {
  const ring = ringOf(writeKey(folder, id));
  return createSealer(() => ring);
}

describe('the pages of a manifest', () => {
  it('hold the items in their order, at most 250 each', async () => {
    const items = toItems(MAX_PAGE_ITEMS * 2 + 1);

    const ref = await publish(items);

    expect(ref).toMatchObject({ pages: 3, items: 501 });
    expect(ref.revision).toMatch(/^[0-9a-f]{16}$/);
    expect(await readBack(ref)).toEqual(items);
  });

  it('are cut where the next item would make them too large', async () => {
    const ref = await publish(toItems(5, 'x'.repeat(400_000)));
    const sizes = await Promise.all(
      [0, 1, 2].map((page) => store.head(toPageKey('nightly', ref.revision, page))),
    );

    expect(ref.pages).toBe(3);
    expect(sizes.every((head) => (head?.sizeBytes ?? Infinity) <= MAX_PAGE_BYTES)).toBe(true);
  });

  it('have the revision of the items and their order, however an item was written', async () => {
    const items = toItems(3);
    const reordered = items.map(({ id, request }) => ({
      id,
      request: { extra: { a: { c: 3, d: 2 }, b: 1 }, prompt: 'A harbour', model: request.model },
    }));

    const { revision } = await publish(items);

    expect((await publish(reordered)).revision).toBe(revision);
    expect((await publish([...items].reverse())).revision).not.toBe(revision);
    expect((await publish(toItems(4))).revision).not.toBe(revision);
    expect(revision).toBe('273c06e22ad8776b');
  });

  it('are sealed where the installation encrypts, and published twice are the first ones', async () => {
    const sealer = newSealer('k1');
    const items = toItems(3);

    const ref = await publish(items, sealer);
    const path = join(folder, 'artifacts', toPageKey('nightly', ref.revision, 0));
    const first = await readFile(path, 'utf8');
    const again = await publish(items, sealer);

    expect(again).toEqual(ref);
    expect((await publishManifest(store, 'plain', items, { sealer: PLAIN })).revision).toBe(
      ref.revision,
    );
    expect(await readFile(path, 'utf8')).toBe(first);
    expect(first).not.toContain('harbour');
    expect(await readBack(ref, sealer)).toEqual(items);
    await expect(readBack(ref)).rejects.toMatchObject({ code: 'storage.corrupt' });
  });

  it('published by two at once are one manifest, sealed or not', async () => {
    for (const sealer of [PLAIN, newSealer('k2')]) {
      const items = toItems(2, sealer === PLAIN ? 'plain' : 'sealed');

      const refs = await Promise.all([1, 2, 3, 4].map(() => publish(items, sealer)));

      expect(new Set(refs.map(({ revision }) => revision)).size).toBe(1);
      for (const ref of refs) expect(await readBack(ref, sealer)).toEqual(items);
    }
  });

  it('that were changed in the store are found out', async () => {
    const ref = await publish(toItems(2));
    const key = toPageKey('nightly', ref.revision, 0);
    const path = join(folder, 'artifacts', key);
    await writeFile(path, (await readFile(path, 'utf8')).replace('shot-1', 'shot-2'));

    await expect(publish(toItems(2))).rejects.toMatchObject({ code: 'storage.corrupt' });
    await writeFile(path, '{"id":"shot-0"}\n{"id":"x","model":"a/b"}');
    await expect(readPage(store, PLAIN, key)).rejects.toMatchObject({ code: 'storage.corrupt' });
  });

  it('are not there where an item was refused, and nothing stays on the machine', async () => {
    const before = await stagedFolders();
    async function* items(): AsyncGenerator<BatchItem> {
      yield* toItems(700);
      throw new Error('refused');
    }
    await expect(publishManifest(store, 'nightly', items(), { sealer: PLAIN })).rejects.toThrow(
      'refused',
    );

    // Other tests stage manifests at the same time, and remove theirs.
    await until('the stage to be gone', async () =>
      (await stagedFolders()).every((name) => before.includes(name)),
    );
    await expect(readdir(join(folder, 'artifacts'))).rejects.toThrow();
  });

  it('are asked for with at least one item and the id of a batch', async () => {
    await expect(publish([])).rejects.toMatchObject({ code: 'request.invalid' });
    const stage = await stageManifest({ sealer: PLAIN });
    await stage.add({ id: 'a', request: { model: 'a/b' } });
    await expect(stage.publish(store, '../up')).rejects.toMatchObject({ code: 'request.invalid' });
    await stage.discard();
    await stage.discard();
  });
});

async function stagedFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('pollux-manifest-')).sort();
}
