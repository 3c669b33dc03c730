import type { ByteReader, MediaBytes } from './media.ts';

/**
 * Where artifacts live. Keys are made by `core/keys.ts`; the store never invents one.
 *
 * Laws, checked by the artifact store contract suite:
 * - An object is at its key whole or not at all: readers never see a part of it.
 * - `publish` never replaces other bytes. The same bytes again are success; other bytes are `storage.corrupt`.
 * - Bytes of a temporary that was not published are gone after {@link sweep}.
 */
export interface ArtifactStore {
  /** Opens a temporary place for the bytes of `key`, empty. `storage.full`, `storage.unavailable`. */
  openTemporary(key: string): Promise<TemporaryObject>;
  /**
   * Opens a temporary place that begins with the bytes an earlier try left on this machine, which go away with it.
   * `undefined` where they are not here, or fewer than the mark says. Throws as {@link openTemporary}.
   */
  resumeTemporary(key: string, mark: TemporaryMark): Promise<TemporaryObject | undefined>;
  /** Puts the temporary's bytes at `key`. Durable when it returns. Run twice: the second finds the same bytes. */
  publish(temporary: TemporaryObject, key: string, label?: ObjectLabel): Promise<StoredObject>;
  /** `undefined` where there is nothing. Reads and hashes nothing. */
  head(key: string): Promise<ObjectHead | undefined>;
  /** Random access to a published object. `storage.missing`. */
  open(key: string): Promise<ByteReader>;
  /** Removes an object; absent is success. */
  remove(key: string): Promise<void>;
  /** Keys below a prefix, in no order. */
  list(prefix: string): AsyncIterable<string>;
  /** Where the object is, without access rights of its own. */
  urlOf(key: string): string;
  /** A link that lets whoever has it read the object for so many seconds; absent where the store gives none. */
  linkTo?(key: string, seconds: number): Promise<string>;
  /** Removes temporaries older than `olderThanMs`, here and at the store. Returns how many. */
  sweep(olderThanMs: number): Promise<number>;
  /** Finds out what the store can do, where that differs from store to store. Throws what a transfer would throw. */
  probe?(): Promise<StoreFindings>;
}

/** A place on this machine that takes bytes until they are published or discarded. */
export interface TemporaryObject extends MediaBytes {
  /** `storage.full` where the disk has not so much room for bytes to come, a reserve aside. */
  requireRoom(sizeBytes: number): Promise<void>;
  /** Appends. `storage.full` when there is no room. */
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes what is written so far; a later try may go on from it, also after a loss of power. Other writes may run meanwhile. */
  mark(): Promise<TemporaryMark>;
  /** Flushes to disk and returns size and SHA-256 (hex) of all bytes written. */
  finish(): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** Leaves the bytes to a later try, or to the sweep. */
  close(): Promise<void>;
  /** Removes the bytes. Safe after `publish`, and twice. */
  discard(): Promise<void>;
}

/** Names bytes of a temporary. JSON-plain: it travels in heartbeat details. */
export interface TemporaryMark {
  /** Opaque; means something on one machine only. */
  readonly name: string;
  /** How many bytes are flushed. */
  readonly sizeBytes: number;
}

/** What a store that serves objects tells their readers. */
export interface ObjectLabel {
  readonly mediaType: string;
  /** Names and values of printable ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectHead {
  readonly sizeBytes: number;
  /** Hex, where the store keeps it beside the object. */
  readonly sha256?: string;
}

export interface StoredObject {
  readonly key: string;
  readonly url: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What a probe found out, for a person; e.g. `conditional writes: yes`. */
export interface StoreFindings {
  readonly facts: readonly string[];
  /** What works, but not as well as it could, and what to do about it. */
  readonly warnings: readonly string[];
}
