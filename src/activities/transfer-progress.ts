import type { TemporaryMark } from '../core/artifact-store.ts';

/** Shown in the pending activity, and left to the next attempt. */
export interface TransferProgress {
  readonly phase: 'fetching' | 'checking' | 'publishing';
  readonly bytes: number;
  /** `null` where the host announced no length. */
  readonly totalBytes: number | null;
  /** Attempts that ended with an error of their own; every other one took its worker down. */
  readonly failedAttempts: number;
  /** Where the next attempt on this machine may go on. */
  readonly resume: ResumePoint | null;
}

/** Bytes that are flushed here, and what their host called the file they belong to. */
export interface ResumePoint {
  readonly mark: TemporaryMark;
  readonly origin: string;
  readonly entityTag: string;
}

/** What Temporal tells one attempt of a transfer, and takes from it. */
export interface TransferAttempt {
  /** From 1. */
  readonly attempt: number;
  /** What the attempt before left behind. */
  readonly previous: TransferProgress | undefined;
  readonly heartbeat: (progress: TransferProgress) => void;
  readonly signal: AbortSignal;
}

/** Well under the heartbeat timeout, so that a long flush or upload does not look like a dead worker. */
const BEAT_EVERY_MS = 2_000;

/** How many attempts ended without a word: their worker died, or the server lost sight of it. */
export function countCrashes({ attempt, previous }: TransferAttempt): number {
  return Math.max(0, attempt - 1 - (previous?.failedAttempts ?? 0));
}

/** Keeps the server informed for as long as a transfer runs, whatever it waits for. */
export class ProgressReport {
  readonly #beat: (progress: TransferProgress) => void;
  readonly #timer: NodeJS.Timeout;
  #progress: TransferProgress;

  constructor({ previous, heartbeat }: TransferAttempt) {
    this.#beat = heartbeat;
    this.#progress = {
      phase: 'fetching',
      bytes: 0,
      totalBytes: null,
      failedAttempts: previous?.failedAttempts ?? 0,
      resume: previous?.resume ?? null,
    };
    this.#beat(this.#progress);
    this.#timer = setInterval(() => this.#beat(this.#progress), BEAT_EVERY_MS);
  }

  /** Goes out with the next beat. */
  update(change: Partial<TransferProgress>): void {
    this.#progress = { ...this.#progress, ...change };
  }

  /** Goes out at once: what it says may be needed when this process is gone. */
  leave(resume: ResumePoint | null): void {
    this.update({ resume });
    this.#beat(this.#progress);
  }

  /** Marks this attempt as one that could still say that it failed. */
  fail(): void {
    this.update({ failedAttempts: this.#progress.failedAttempts + 1 });
    this.#beat(this.#progress);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
