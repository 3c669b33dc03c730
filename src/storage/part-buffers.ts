/** Every part but the last has this size. An object has at most 10,000 parts, so 78 GiB. */
export const PART_BYTES: number = 8 * 1024 * 1024;
/** In flight at once, over all uploads of the process: what bounds their memory. */
export const PARTS_IN_FLIGHT = 3;

/** A fixed number of buffers that are lent in the order of asking, and kept for reuse. */
export class BufferPool {
  readonly #sizeBytes: number;
  readonly #free: Uint8Array[] = [];
  readonly #waiting: ((buffer: Uint8Array) => void)[] = [];
  #unmade: number;

  constructor(count: number, sizeBytes: number) {
    this.#unmade = count;
    this.#sizeBytes = sizeBytes;
  }

  /** Lends a buffer to `work`, which must not keep it. */
  async lend<Result>(work: (buffer: Uint8Array) => Promise<Result>): Promise<Result> {
    const buffer = await this.#take();
    try {
      return await work(buffer);
    } finally {
      this.#giveBack(buffer);
    }
  }

  async #take(): Promise<Uint8Array> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#unmade > 0) {
      this.#unmade -= 1;
      return Buffer.allocUnsafeSlow(this.#sizeBytes);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(buffer: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(buffer);
    else next(buffer);
  }
}

/** Shared by all S3 stores of the process. */
export const partBuffers: BufferPool = new BufferPool(PARTS_IN_FLIGHT, PART_BYTES);
