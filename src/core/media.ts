import type { MediaKind } from './job.ts';

/** Random access to bytes. */
export interface ByteReader {
  /** Length in bytes. */
  readonly sizeBytes: number;
  /** At most `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file to look at. */
export interface MediaBytes extends ByteReader {
  /** Where it lies on this machine, if it does: for programs that read it. */
  readonly path?: string;
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
  /** Of the video track, else of the sound. */
  readonly durationSeconds: number | null;
  /** Of the picture, else of the sound, e.g. `AVC`. */
  readonly codec: string | null;
  readonly framesPerSecond: number | null;
  readonly frames: number | null;
  /** What another look at the same file says against it, for a person; the file passed all the same. */
  readonly doubts: readonly string[];
}

/** Is it one whole media file, and which? `storage.*` where the bytes cannot be read. */
export type InspectMedia = (bytes: MediaBytes, signal?: AbortSignal) => Promise<MediaInspection>;

/** Streams a result URL. Never sends credentials; refuses what the fetch rules refuse (`provider.output_forbidden`). */
export interface MediaFetcher {
  /**
   * Hands the body to the receiver, in order, and resolves when it ended as it announced.
   * Throws `provider.output_expired` for 403, 404 and 410, `provider.unavailable` for what may pass,
   * `provider.output_invalid` for a body that is not what its head said, `provider.output_forbidden`; and what the
   * receiver throws, as it is.
   */
  fetch(url: string, options: FetchMediaOptions, receiver: MediaReceiver): Promise<FetchedMedia>;
}

/** Takes a body. The fetcher waits for every call. */
export interface MediaReceiver {
  /** Called once, before the first bytes. */
  begin(body: BodyStart): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
}

export interface FetchMediaOptions {
  readonly signal: AbortSignal;
  /** Of the whole file, also where only its rest is fetched. */
  readonly maxBytes: number;
  /** Milliseconds in all. */
  readonly timeoutMs: number;
  readonly allowPrivateHosts: boolean;
  /** What an earlier try has already. The body begins after it where the host still serves the same bytes, else at 0. */
  readonly resume?: BodyPosition;
}

/** A place in a body whose host promised, by a strong entity tag, that it does not change. JSON-plain. */
export interface BodyPosition {
  /** Where those bytes came from, after redirects: another host's tags say nothing. */
  readonly origin: string;
  readonly entityTag: string;
  /** Bytes that are here already. */
  readonly offset: number;
}

export interface BodyStart {
  /** Where the bytes that follow belong: 0, or the offset that was asked for. */
  readonly offset: number;
  /** Of the whole file, where the host announced it. */
  readonly sizeBytes: number | undefined;
  /** Of the host that serves it. */
  readonly origin: string;
  /** Present where the body can be resumed. */
  readonly entityTag: string | undefined;
}

export interface FetchedMedia {
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** What the server called it; a label only. */
  readonly contentType: string | undefined;
}
