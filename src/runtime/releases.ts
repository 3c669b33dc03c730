import type { Logger } from '../core/logger.ts';

/** What was acquired, released in reverse order: each release may still use what was acquired before it. */
export class Releases {
  readonly #logger: Logger;
  readonly #releases: { readonly name: string; readonly release: () => Promise<void> }[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, release: () => Promise<void>): void {
    this.#releases.push({ name, release });
  }

  /** A release that fails is logged and keeps none of the others from running. */
  async run(): Promise<void> {
    for (let next = this.#releases.pop(); next !== undefined; next = this.#releases.pop()) {
      try {
        await next.release();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.error(`${next.name} could not be released: ${reason}`);
      }
    }
  }
}
