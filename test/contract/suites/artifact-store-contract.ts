import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import type { ArtifactStore, StoredObject } from '../../../src/core/artifact-store.ts';
import type { ContractCase } from './contract-case.ts';
import { equalValues } from './equal-values.ts';
import { rejectsWith } from './rejects-with.ts';

/** A fresh, empty store, and how to remove it. */
export interface ArtifactStoreUnderTest {
  readonly store: ArtifactStore;
  dispose(): Promise<void>;
}

export interface ArtifactStoreContractOptions {
  /** Every case opens its own store and disposes of it. */
  readonly open: () => Promise<ArtifactStoreUnderTest>;
}

const KEY = 'jobs/job-1/1/0.mp4';
const BYTES = new TextEncoder().encode('twenty-four bytes inside');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

/** The laws of the ArtifactStore port. An implementation that passes every case can take the place of any other. */
export function artifactStoreContract(
  options: ArtifactStoreContractOptions,
): readonly ContractCase[] {
  return Object.entries(LAWS).map(([name, law]) => ({
    name,
    run: async () => {
      const { store, dispose } = await options.open();
      try {
        await law(store);
      } finally {
        await dispose();
      }
    },
  }));
}

async function store(target: ArtifactStore, key: string, bytes: Uint8Array): Promise<StoredObject> {
  const temporary = await target.openTemporary(key);
  try {
    await temporary.write(bytes);
    await temporary.finish();
    return await target.publish(temporary, key);
  } finally {
    await temporary.discard();
  }
}

async function readAll(target: ArtifactStore, key: string): Promise<string> {
  const reader = await target.open(key);
  try {
    return new TextDecoder().decode(await reader.read(0, reader.sizeBytes));
  } finally {
    await reader.close();
  }
}

async function keys(target: ArtifactStore, prefix: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const key of target.list(prefix)) found.push(key);
  return found.sort();
}

const LAWS: Readonly<Record<string, (target: ArtifactStore) => Promise<void>>> = {
  'a published object has the bytes that were written, and their size and SHA-256': async (
    target,
  ) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES.subarray(0, 10));
    await temporary.write(BYTES.subarray(10));
    equalValues(await temporary.finish(), { sizeBytes: BYTES.length, sha256: SHA256 });

    const stored = await target.publish(temporary, KEY);

    equalValues([stored.key, stored.sizeBytes, stored.sha256], [KEY, BYTES.length, SHA256]);
    assert.equal(stored.url, target.urlOf(KEY));
    assert.equal(await readAll(target, KEY), 'twenty-four bytes inside');
    assert.equal((await target.head(KEY))?.sizeBytes, BYTES.length);
  },

  'the head of an object tells its SHA-256 truly where it tells one': async (target) => {
    await store(target, KEY, BYTES);

    const head = await target.head(KEY);
    assert.equal(head?.sha256 ?? SHA256, SHA256);
  },

  'an object is not at its key before it is published': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);
    await temporary.finish();

    assert.equal(await target.head(KEY), undefined);
    await rejectsWith(target.open(KEY), 'storage.missing');
    equalValues(await keys(target, ''), []);
    await temporary.discard();
  },

  'a temporary object can be read while it is written': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);

    assert.equal(temporary.sizeBytes, BYTES.length);
    assert.equal(new TextDecoder().decode(await temporary.read(7, 4)), 'four');
    assert.equal((await temporary.read(BYTES.length - 2, 10)).length, 2);
    assert.equal((await temporary.read(BYTES.length + 5, 10)).length, 0);
    await temporary.discard();
  },

  'publishing twice is success and changes nothing': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);

    const first = await target.publish(temporary, KEY);
    const second = await target.publish(temporary, KEY);

    equalValues(second, first);
    await temporary.discard();
    assert.equal(await readAll(target, KEY), 'twenty-four bytes inside');
  },

  'the same bytes from another try are success': async (target) => {
    const first = await store(target, KEY, BYTES);

    equalValues(await store(target, KEY, BYTES), first);
  },

  'other bytes never replace an object': async (target) => {
    await store(target, KEY, BYTES);

    await rejectsWith(store(target, KEY, BYTES.subarray(1)), 'storage.corrupt');
    const sameSize = Uint8Array.from(BYTES).reverse();
    await rejectsWith(store(target, KEY, sameSize), 'storage.corrupt');

    assert.equal(await readAll(target, KEY), 'twenty-four bytes inside');
  },

  'of two that publish different bytes at once one wins and the other is told': async (target) => {
    const results = await Promise.allSettled([
      store(target, KEY, BYTES),
      store(target, KEY, BYTES.subarray(1)),
    ]);

    equalValues(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
  },

  'two tries at one key do not disturb each other': async (target) => {
    const first = await target.openTemporary(KEY);
    await first.write(BYTES);
    const second = await target.openTemporary(KEY);
    assert.equal(second.sizeBytes, 0);
    await second.discard();

    equalValues(await first.finish(), { sizeBytes: BYTES.length, sha256: SHA256 });
    await first.discard();
  },

  'an empty object is an object': async (target) => {
    await store(target, KEY, new Uint8Array());

    assert.equal((await target.head(KEY))?.sizeBytes, 0);
  },

  'a discarded temporary object leaves nothing': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);
    await temporary.discard();
    await temporary.discard();

    assert.equal(await target.sweep(0), 0);
    assert.equal(await target.head(KEY), undefined);
  },

  'a resumed temporary object goes on from its mark, and the earlier one is gone': async (
    target,
  ) => {
    const earlier = await target.openTemporary(KEY);
    await earlier.write(BYTES.subarray(0, 10));
    const mark = await earlier.mark();
    assert.equal(mark.sizeBytes, 10);
    await earlier.write(new TextEncoder().encode('not marked'));
    await earlier.close();

    const resumed = await target.resumeTemporary(KEY, mark);

    assert.ok(resumed !== undefined);
    assert.equal(resumed.sizeBytes, 10);
    await resumed.write(BYTES.subarray(10));
    equalValues(await resumed.finish(), { sizeBytes: BYTES.length, sha256: SHA256 });
    assert.equal(await target.resumeTemporary(KEY, mark), undefined);
    await target.publish(resumed, KEY);
    await resumed.discard();
    assert.equal(await readAll(target, KEY), 'twenty-four bytes inside');
    assert.equal(await target.sweep(0), 0);
  },

  'who still has the earlier temporary object cannot write into the resumed one': async (
    target,
  ) => {
    const frozen = await target.openTemporary(KEY);
    await frozen.write(BYTES.subarray(0, 10));
    const resumed = await target.resumeTemporary(KEY, await frozen.mark());
    assert.ok(resumed !== undefined);

    await resumed.write(BYTES.subarray(10));
    // It may as well be refused.
    await frozen.write(new TextEncoder().encode('bytes of a worker that woke up')).catch(() => {});

    assert.equal(new TextDecoder().decode(await resumed.read(0, 99)), 'twenty-four bytes inside');
    equalValues(await resumed.finish(), { sizeBytes: BYTES.length, sha256: SHA256 });
    await target.publish(resumed, KEY);
    await resumed.discard();
    await frozen.discard();
    assert.equal(await readAll(target, KEY), 'twenty-four bytes inside');
  },

  'a mark can be taken while a write runs, and counts what was written before': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES.subarray(0, 10));

    const [mark] = await Promise.all([temporary.mark(), temporary.write(BYTES.subarray(10))]);

    assert.equal(mark.sizeBytes, 10);
    equalValues(await temporary.finish(), { sizeBytes: BYTES.length, sha256: SHA256 });
    await temporary.discard();
  },

  'a mark that means nothing here resumes nothing': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);
    const mark = await temporary.mark();
    await temporary.close();
    const resume = (key: string, name: string, sizeBytes: number): Promise<unknown> =>
      target.resumeTemporary(key, { name, sizeBytes });

    assert.equal(await resume(KEY, mark.name, BYTES.length + 1), undefined);
    assert.equal(await resume('jobs/job-2/1/0.mp4', mark.name, BYTES.length), undefined);
    for (const name of ['', '.', '..', '../x', `./${mark.name}`, `${mark.name}/`, '/etc/passwd']) {
      assert.equal(await resume(KEY, name, 1), undefined);
    }
    assert.equal(await target.sweep(0), 1);
  },

  'a temporary object has room for a small file': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.requireRoom(BYTES.length);
    await temporary.discard();
  },

  'a sweep removes temporaries that nobody published, and only old ones': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);
    await temporary.close();

    assert.equal(await target.sweep(3_600_000), 0);
    assert.equal(await target.sweep(0), 1);
    assert.equal(await target.sweep(0), 0);
  },

  'a temporary object that was swept is refused, not published as nothing': async (target) => {
    const temporary = await target.openTemporary(KEY);
    await temporary.write(BYTES);
    await temporary.finish();
    await target.sweep(0);

    await rejectsWith(target.publish(temporary, KEY), 'storage.unavailable');
    await temporary.discard();
    assert.equal(await target.head(KEY), undefined);
  },

  'a sweep leaves objects alone': async (target) => {
    await store(target, KEY, BYTES);

    await target.sweep(0);

    assert.equal(await readAll(target, KEY), 'twenty-four bytes inside');
  },

  'removing an object twice is success': async (target) => {
    await store(target, KEY, BYTES);

    await target.remove(KEY);
    await target.remove(KEY);

    assert.equal(await target.head(KEY), undefined);
  },

  'keys are listed by prefix': async (target) => {
    for (const key of ['jobs/a/1/0.mp4', 'jobs/ab/1/0.png', 'batches/b/manifest.jsonl']) {
      await store(target, key, BYTES);
    }

    equalValues(await keys(target, 'jobs/a'), ['jobs/a/1/0.mp4', 'jobs/ab/1/0.png']);
    equalValues(await keys(target, 'jobs/a/'), ['jobs/a/1/0.mp4']);
    equalValues(await keys(target, 'absent/'), []);
    assert.equal((await keys(target, '')).length, 3);
  },

  'a key that could leave the store is refused': async (target) => {
    const unsafe = ['', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a/./b', 'a\\b', 'a b', 'é', 'a/'];
    for (const key of [...unsafe, 'x'.repeat(201), '.tmp/x']) {
      await rejectsWith(target.openTemporary(key), 'request.invalid');
      await rejectsWith(target.head(key), 'request.invalid');
    }
  },
};
