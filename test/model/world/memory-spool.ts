import type { Spool, SpooledRecord, SpoolRecord } from '../../../src/core/spool.ts';

/** The spool of one host: it survives every process of it, and no other host sees it. */
export class MemorySpool implements Spool {
  readonly #records = new Map<string, SpoolRecord>();
  #written = 0;

  get size(): number {
    return this.#records.size;
  }

  async append(record: SpoolRecord): Promise<void> {
    this.#written += 1;
    this.#records.set(`record-${String(this.#written).padStart(9, '0')}`, record);
  }

  async records(): Promise<readonly SpooledRecord[]> {
    return [...this.#records].map(([name, record]) => ({ name, record }));
  }

  async remove(name: string): Promise<void> {
    this.#records.delete(name);
  }

  async probe(): Promise<void> {
    await Promise.resolve();
  }
}
