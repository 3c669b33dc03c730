import type { ByteReader } from './media.ts';

/**
 * Where artifacts live. Keys are made by `core/keys.ts`; the store never invents one.
 *
 * Laws, checked by the artifact store contract suite:
 * - An object is at its key whole or not at all: readers never see a part of it.
 * - `publish` never replaces other bytes. The same bytes again are success; other bytes are `storage.corrupt`.
 * - Bytes of a temporary that was not published are gone after {@link sweep}.
 */
export interface ArtifactStore {
  /** Opens a temporary place for the bytes of `key`, emptied if an earlier try left some. `storage.full`, `storage.unavailable`. */
  openTemporary(key: string): Promise<TemporaryObject>;
  /** Puts the temporary's bytes at `key`. Durable when it returns. Run twice: the second finds the same bytes. */
  publish(temporary: TemporaryObject, key: string): Promise<StoredObject>;
  /** `undefined` where there is nothing. Reads and hashes nothing. */
  head(key: string): Promise<{ readonly sizeBytes: number } | undefined>;
  /** Random access to a published object. `storage.missing`. */
  open(key: string): Promise<ByteReader>;
  /** Removes an object; absent is success. */
  remove(key: string): Promise<void>;
  /** Keys below a prefix, in no order. */
  list(prefix: string): AsyncIterable<string>;
  /** Where the object is served, without access rights of its own. */
  urlOf(key: string): string;
  /** Removes temporaries older than `olderThanMs`. Returns how many. */
  sweep(olderThanMs: number): Promise<number>;
}

/** A place on this machine that takes bytes until they are published or discarded. */
export interface TemporaryObject extends ByteReader {
  /** Appends. `storage.full` when there is no room. */
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes to disk and returns size and SHA-256 (hex) of all bytes written. */
  finish(): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** Removes the bytes. Safe after `publish`, and twice. */
  discard(): Promise<void>;
}

export interface StoredObject {
  readonly key: string;
  readonly url: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}
