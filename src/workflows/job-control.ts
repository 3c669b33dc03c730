import type { Decision } from '../core/job.ts';

/** Who asked for the job's end, and whether it must end Canceled in Temporal's own sense. */
export interface CancelRequest extends Decision {
  readonly at: string;
  readonly byTemporal: boolean;
}

/**
 * What messages want of the running job. Handlers set it and never act: the main line decides at its next wait, so a
 * message can arrive at any moment.
 */
export class JobControl {
  #cancel: CancelRequest | undefined;
  #wake = false;
  #extraLifeMs = 0;
  readonly #listeners = new Set<() => void>();

  get cancel(): CancelRequest | undefined {
    return this.#cancel;
  }

  get extraLifeMs(): number {
    return this.#extraLifeMs;
  }

  get isWoken(): boolean {
    return this.#wake;
  }

  /** The first request stands; Temporal's own cancellation is remembered even after ours. */
  requestCancel(request: CancelRequest): void {
    const first = this.#cancel ?? request;
    this.#cancel = { ...first, byTemporal: first.byTemporal || request.byTemporal };
    this.#notify();
  }

  wake(): void {
    this.#wake = true;
    this.#notify();
  }

  /** True once for any number of wakes since the last call. */
  takeWake(): boolean {
    const woken = this.#wake;
    this.#wake = false;
    return woken;
  }

  extendLife(seconds: number): void {
    this.#extraLifeMs += seconds * 1000;
    this.wake();
  }

  /** Calls `listener` at every message until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
