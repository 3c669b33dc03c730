import type { ByteReader } from '../core/media.ts';

/** Headers lie close together: one read serves many looks. */
const WINDOW_BYTES = 16 * 1024;

/** Small looks at a file, in memory that does not grow with it. */
export class ByteSource {
  readonly sizeBytes: number;
  readonly #reader: ByteReader;
  readonly #signal: AbortSignal | undefined;
  #window: Uint8Array = new Uint8Array();
  #windowOffset = 0;

  /** Reading ends with the signal, whose reason is thrown. */
  constructor(reader: ByteReader, signal?: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
    this.sizeBytes = reader.sizeBytes;
  }

  /** Exactly `length` bytes from `offset`; `undefined` where the file ends before them. */
  async look(offset: number, length: number): Promise<Look | undefined> {
    if (offset < 0 || offset + length > this.sizeBytes) return undefined;
    const windowEnd = this.#windowOffset + this.#window.length;
    if (offset < this.#windowOffset || offset + length > windowEnd) {
      this.#window = await this.#read(offset, Math.max(length, WINDOW_BYTES));
      this.#windowOffset = offset;
    }
    const start = offset - this.#windowOffset;
    const bytes = this.#window.subarray(start, start + length);
    return bytes.length === length ? new Look(bytes) : undefined;
  }

  /** All bytes of a range, piece by piece. */
  async *pieces(offset: number, length: number): AsyncIterable<Uint8Array> {
    for (let done = 0; done < length;) {
      const piece = await this.#read(offset + done, Math.min(WINDOW_BYTES, length - done));
      if (piece.length === 0) return;
      yield piece;
      done += piece.length;
    }
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    return this.#reader.read(offset, length);
  }
}

/** Numbers and names in a few bytes. Big-endian, unless the name ends in `le`. */
export class Look {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes as Latin-1 text. */
  text(offset: number, length: number): string {
    return String.fromCharCode(...this.bytes.subarray(offset, offset + length));
  }

  uint8(offset: number): number {
    return this.#view.getUint8(offset);
  }

  uint16(offset: number): number {
    return this.#view.getUint16(offset);
  }

  uint16le(offset: number): number {
    return this.#view.getUint16(offset, true);
  }

  uint24le(offset: number): number {
    return this.uint16le(offset) | (this.uint8(offset + 2) << 16);
  }

  uint32(offset: number): number {
    return this.#view.getUint32(offset);
  }

  uint32le(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  uint64(offset: number): bigint {
    return this.#view.getBigUint64(offset);
  }

  uint64le(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  float32(offset: number): number {
    return this.#view.getFloat32(offset);
  }

  float64(offset: number): number {
    return this.#view.getFloat64(offset);
  }
}
