import { createHash } from 'node:crypto';
import type {
  ArtifactStore,
  ObjectHead,
  StoredObject,
  TemporaryMark,
  TemporaryObject,
} from '../../../src/core/artifact-store.ts';
import { RequestError, StorageError } from '../../../src/core/errors.ts';
import type { ByteReader } from '../../../src/core/media.ts';

const SEGMENT = /^(?!\.{1,2}$)(?!\.tmp$)[A-Za-z0-9._-]{1,200}$/;

/** The ArtifactStore port in memory, shared by all processes. It passes the artifact store contract suite. */
export class MemoryStore implements ArtifactStore {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly #temporaries = new Set<MemoryTemporary>();
  readonly #clock: () => number;
  #opened = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  async openTemporary(key: string): Promise<TemporaryObject> {
    checkKey(key);
    this.#opened += 1;
    const name = `${key}#${String(this.#opened)}`;
    const temporary = new MemoryTemporary(this.#temporaries, name, this.#clock());
    this.#temporaries.add(temporary);
    return temporary;
  }

  async resumeTemporary(key: string, mark: TemporaryMark): Promise<TemporaryObject | undefined> {
    checkKey(key);
    const earlier = [...this.#temporaries].find(({ name }) => name === mark.name);
    if (earlier === undefined || !mark.name.startsWith(`${key}#`)) return undefined;
    if (earlier.sizeBytes < mark.sizeBytes) return undefined;
    const resumed = await this.openTemporary(key);
    await resumed.write(earlier.bytes.subarray(0, mark.sizeBytes));
    await earlier.discard();
    return resumed;
  }

  async publish(temporary: TemporaryObject, key: string): Promise<StoredObject> {
    checkKey(key);
    if (!(temporary instanceof MemoryTemporary) || !this.#temporaries.has(temporary)) {
      throw new StorageError('storage.unavailable', `the bytes for ${key} are gone`);
    }
    const bytes = temporary.bytes;
    const known = this.objects.get(key);
    if (known === undefined) this.objects.set(key, bytes);
    else if (Buffer.compare(known, bytes) !== 0) {
      throw new StorageError('storage.corrupt', `${key} holds other bytes`);
    }
    return { key, url: this.urlOf(key), sizeBytes: bytes.length, sha256: sha256Of(bytes) };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    checkKey(key);
    const bytes = this.objects.get(key);
    return bytes === undefined ? undefined : { sizeBytes: bytes.length };
  }

  async open(key: string): Promise<ByteReader> {
    const bytes = this.objects.get(key);
    if (bytes === undefined) throw new StorageError('storage.missing', `${key} is not there`);
    return {
      sizeBytes: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => undefined,
    };
  }

  async remove(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of this.objects.keys()) if (key.startsWith(prefix)) yield key;
  }

  urlOf(key: string): string {
    return `memory:///${key}`;
  }

  async sweep(olderThanMs: number): Promise<number> {
    let removed = 0;
    for (const temporary of this.#temporaries) {
      if (this.#clock() - temporary.openedAtMs < olderThanMs) continue;
      this.#temporaries.delete(temporary);
      removed += 1;
    }
    return removed;
  }
}

class MemoryTemporary implements TemporaryObject {
  readonly name: string;
  readonly openedAtMs: number;
  readonly #all: Set<MemoryTemporary>;
  #bytes: Uint8Array = new Uint8Array();

  constructor(all: Set<MemoryTemporary>, name: string, openedAtMs: number) {
    this.#all = all;
    this.name = name;
    this.openedAtMs = openedAtMs;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  async requireRoom(): Promise<void> {
    await Promise.resolve();
  }

  async mark(): Promise<TemporaryMark> {
    return { name: this.name, sizeBytes: this.#bytes.length };
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#bytes = this.#bytes.length === 0 ? bytes.slice() : Buffer.concat([this.#bytes, bytes]);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.#bytes.subarray(offset, offset + length);
  }

  async finish(): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
    return { sizeBytes: this.#bytes.length, sha256: sha256Of(this.#bytes) };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async discard(): Promise<void> {
    this.#all.delete(this);
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function checkKey(key: string): void {
  if (key.split('/').every((segment) => SEGMENT.test(segment))) return;
  throw new RequestError('request.invalid', `key (${JSON.stringify(key)}): may leave the store`);
}
