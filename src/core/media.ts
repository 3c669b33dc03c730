import type { MediaKind } from './job.ts';

/** Random access to bytes. */
export interface ByteReader {
  /** Length in bytes. */
  readonly sizeBytes: number;
  /** At most `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What a file is, read from its own bytes, or why it is not whole. */
export type MediaInspection =
  | { readonly outcome: 'whole'; readonly facts: MediaFacts }
  /** `found` says what is there instead: `html`, `json`, `empty`, `truncated`, `trailing_bytes`, `unrecognised`, `corrupt`. */
  | { readonly outcome: 'broken'; readonly found: string; readonly detail: string };

export interface MediaFacts {
  readonly kind: MediaKind;
  /** e.g. `video/mp4`. */
  readonly mediaType: string;
  /** Without the dot. */
  readonly extension: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationSeconds: number | null;
}

/** Looks at the structure of a file: is it one whole media file, and which? */
export type InspectMedia = (bytes: ByteReader) => Promise<MediaInspection>;

/** Streams a result URL. Never sends credentials; refuses what the fetch rules refuse (`provider.output_forbidden`). */
export interface MediaFetcher {
  /**
   * Calls `sink` with every chunk, in order, and resolves when the body ended as it announced.
   * Throws `provider.output_expired` for 403, 404 and 410, `provider.unavailable` for what may pass,
   * `provider.output_invalid` for a body that is not what its head said, `provider.output_forbidden`.
   */
  fetch(
    url: string,
    options: FetchMediaOptions,
    sink: (bytes: Uint8Array) => Promise<void>,
  ): Promise<FetchedMedia>;
}

export interface FetchMediaOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  /** Milliseconds in all. */
  readonly timeoutMs: number;
  readonly allowPrivateHosts: boolean;
}

export interface FetchedMedia {
  readonly sizeBytes: number;
  /** What the server called it; a label only. */
  readonly contentType: string | undefined;
}
