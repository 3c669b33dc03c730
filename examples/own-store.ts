/**
 * A store of one's own: objects in memory, for tests of code that uses Pollux.
 *
 * What makes it a store is the port, `ArtifactStore`; what proves it is `artifactStoreContract` of `pollux/testing`.
 * `test/integration/examples.test.ts` runs that suite on it.
 */
import { createHash, randomUUID } from 'node:crypto';
import type {
  ArtifactStore,
  ObjectHead,
  StoredObject,
  TemporaryMark,
  TemporaryObject,
} from '../src/core/artifact-store.ts';
import { RequestError, StorageError } from '../src/core/errors.ts';
import type { ByteReader } from '../src/core/media.ts';

/** Objects live as long as the process. Nothing here survives a crash, so no worker may publish into it. */
export function createMemoryStore(): ArtifactStore {
  return new MemoryStore();
}

interface Temporary {
  readonly key: string;
  readonly openedAtMs: number;
  bytes: Buffer;
}

class MemoryStore implements ArtifactStore {
  readonly #objects = new Map<string, Buffer>();
  readonly #temporaries = new Map<string, Temporary>();

  async openTemporary(key: string): Promise<TemporaryObject> {
    checkKey(key);
    return new MemoryTemporary(this.#temporaries, key);
  }

  async resumeTemporary(key: string, mark: TemporaryMark): Promise<TemporaryObject | undefined> {
    checkKey(key);
    const earlier = this.#temporaries.get(mark.name);
    if (earlier?.key !== key || earlier.bytes.length < mark.sizeBytes) return undefined;
    const resumed = new MemoryTemporary(this.#temporaries, key);
    await resumed.write(earlier.bytes.subarray(0, mark.sizeBytes));
    this.#temporaries.delete(mark.name);
    return resumed;
  }

  async publish(temporary: TemporaryObject, key: string): Promise<StoredObject> {
    checkKey(key);
    const { sizeBytes, sha256 } = await temporary.finish();
    const bytes = Buffer.from(await temporary.read(0, sizeBytes));
    const present = this.#objects.get(key);
    if (present !== undefined && !present.equals(bytes)) {
      throw new StorageError(
        'storage.corrupt',
        `${key} holds other bytes already; nothing replaces them`,
      );
    }
    this.#objects.set(key, bytes);
    return { key, url: this.urlOf(key), sizeBytes, sha256 };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    checkKey(key);
    const bytes = this.#objects.get(key);
    return bytes === undefined ? undefined : { sizeBytes: bytes.length };
  }

  async open(key: string): Promise<ByteReader> {
    checkKey(key);
    const bytes = this.#objects.get(key);
    if (bytes === undefined)
      throw new StorageError('storage.missing', `${key} is not in the store`);
    return {
      sizeBytes: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => undefined,
    };
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    this.#objects.delete(key);
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of this.#objects.keys()) if (key.startsWith(prefix)) yield key;
  }

  urlOf(key: string): string {
    return `memory:///${key}`;
  }

  async sweep(olderThanMs: number): Promise<number> {
    const before = Date.now() - olderThanMs;
    const old = [...this.#temporaries].filter(([, { openedAtMs }]) => openedAtMs <= before);
    for (const [name] of old) this.#temporaries.delete(name);
    return old.length;
  }
}

/** Its bytes belong to the store, so that a sweep can take them away. */
class MemoryTemporary implements TemporaryObject {
  readonly #name = randomUUID();
  readonly #temporaries: Map<string, Temporary>;

  constructor(temporaries: Map<string, Temporary>, key: string) {
    this.#temporaries = temporaries;
    temporaries.set(this.#name, { key, openedAtMs: Date.now(), bytes: Buffer.alloc(0) });
  }

  get sizeBytes(): number {
    return this.#require().bytes.length;
  }

  async requireRoom(): Promise<void> {
    // As much as the process gets.
  }

  async mark(): Promise<TemporaryMark> {
    return { name: this.#name, sizeBytes: this.sizeBytes };
  }

  async write(bytes: Uint8Array): Promise<void> {
    const temporary = this.#require();
    temporary.bytes = Buffer.concat([temporary.bytes, bytes]);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.#require().bytes.subarray(offset, offset + length);
  }

  async finish(): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
    const { bytes } = this.#require();
    return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  async close(): Promise<void> {
    // Nothing is held open: the bytes wait for publish, discard or a sweep.
  }

  async discard(): Promise<void> {
    this.#temporaries.delete(this.#name);
  }

  #require(): Temporary {
    const temporary = this.#temporaries.get(this.#name);
    if (temporary !== undefined) return temporary;
    throw new StorageError(
      'storage.unavailable',
      'the temporary object is gone; fetch the bytes again',
    );
  }
}

/** The keys that every store takes: segments that cannot climb out of a folder or hide in one. */
function checkKey(key: string): void {
  const isSafe = key
    .split('/')
    .every((segment) => /^[A-Za-z0-9._-]{1,200}$/.test(segment) && !/^\.\.?$/.test(segment));
  if (isSafe && !key.startsWith('.tmp/')) return;
  throw new RequestError('request.invalid', `key (${JSON.stringify(key)}): must be safe segments`);
}
