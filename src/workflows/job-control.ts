import type { Decision, DecisionRecord, Resolution } from '../core/job.ts';

/** Who asked for the job's end, and whether it must end Canceled in Temporal's own sense. */
export interface CancelRequest extends Decision {
  readonly at: string;
  readonly byTemporal: boolean;
}

/** An operator's decision on its way to the main line, which answers it once. */
export interface PendingResolution {
  readonly resolution: Resolution;
  readonly decision: DecisionRecord;
  accept(): void;
  refuse(reason: string): void;
}

/** What became of a decision; `reason` where it was refused. */
export interface ResolutionAnswer {
  readonly reason?: string;
}

/**
 * What messages want of the running job. Handlers set it and never act: the main line decides at its next wait, so a
 * message can arrive at any moment.
 */
export class JobControl {
  #cancel: CancelRequest | undefined;
  #wake = false;
  #wakes = 0;
  #extraLifeMs = 0;
  #resolution: PendingResolution | undefined;
  #isResolving = false;
  readonly #notifiedTasks = new Map<number, string>();
  readonly #announced = new Set<number>();
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

  /** How often something woke the job so far: tells each of several waits what is new to it. */
  get wakes(): number {
    return this.#wakes;
  }

  wake(): void {
    this.#wake = true;
    this.#wakes += 1;
    this.#notify();
  }

  /** True once for any number of wakes since the last call. */
  takeWake(): boolean {
    const woken = this.#wake;
    this.#wake = false;
    return woken;
  }

  /** A callback came for a submission; the last task it named stands. It wakes unless it says that the task goes on. */
  notify(number: number, taskId: string | undefined, isUnfinished: boolean): void {
    if (taskId !== undefined) this.#notifiedTasks.set(number, taskId);
    if (isUnfinished) {
      this.#notify();
      return;
    }
    this.#announced.add(number);
    this.wake();
  }

  /** True once a callback told that the task of this submission has ended. */
  isAnnounced(number: number): boolean {
    return this.#announced.has(number);
  }

  notifiedTask(number: number): string | undefined {
    return this.#notifiedTasks.get(number);
  }

  /** True from a decision's arrival until it is answered. */
  get isResolving(): boolean {
    return this.#isResolving;
  }

  get hasResolution(): boolean {
    return this.#resolution !== undefined;
  }

  /** Hands a decision to the main line. `onAnswer` is called once. */
  resolve(
    resolution: Resolution,
    decision: DecisionRecord,
    onAnswer: (answer: ResolutionAnswer) => void,
  ): void {
    const answer = (given: ResolutionAnswer): void => {
      this.#isResolving = false;
      onAnswer(given);
    };
    this.#isResolving = true;
    this.#resolution = {
      resolution,
      decision,
      accept: () => answer({}),
      refuse: (reason) => answer({ reason }),
    };
    this.#notify();
  }

  /** The decision that waits, once. */
  takeResolution(): PendingResolution | undefined {
    const pending = this.#resolution;
    this.#resolution = undefined;
    return pending;
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
