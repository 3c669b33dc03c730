import { CancelledFailure } from '@temporalio/common';
import type { Moment } from '../virtual-time.ts';
import type { ActivityTask } from './activity-task.ts';
import type { CodeContext } from './context.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What an activity can ask about itself. */
export interface ActivityInfo {
  readonly activityType: string;
  readonly activityId: string;
  readonly attempt: number;
  readonly heartbeatDetails: unknown;
  readonly workflowExecution: { readonly workflowId: string; readonly runId: string };
  readonly taskQueue: string;
}

/** Part of a heartbeat timeout that must pass before the next heartbeat is sent. */
const THROTTLE_SHARE = 0.8;
const HEARTBEAT_TRAVEL_MS = 5;

/** One try of one activity inside one worker: volatile. Stands in for the SDK's `Context`, too. */
export class Attempt implements CodeContext {
  readonly task: ActivityTask;
  readonly worker: WorkerProcess;
  readonly info: ActivityInfo;
  #cancelling: AbortController | undefined;
  readonly #travelling = new Set<Moment>();
  #latest: unknown;
  #hasNews = false;
  #mayBeatAtMs = 0;
  #isThrottled = false;
  isOver = false;

  constructor(task: ActivityTask, worker: WorkerProcess) {
    this.task = task;
    this.worker = worker;
    this.info = task.describe();
  }

  get cancellationSignal(): AbortSignal {
    this.#cancelling ??= new AbortController();
    return this.#cancelling.signal;
  }

  get cancelled(): Promise<never> {
    return new Promise((_, reject) => {
      this.cancellationSignal.addEventListener('abort', () => {
        reject(new CancelledFailure('the activity was cancelled'));
      });
    });
  }

  /** Why it was cancelled: only the server does that here. */
  get cancellationDetails(): { readonly cancelRequested: boolean } | undefined {
    return this.#cancelling?.signal.aborted === true ? { cancelRequested: true } : undefined;
  }

  /** What the last heartbeat said, as the worker knows it: a failure takes it along. */
  get latestDetails(): unknown {
    return this.#latest;
  }

  wallMs(): number {
    return this.worker.wallMs();
  }

  monotonicMs(): number {
    return this.worker.monotonicMs();
  }

  setTimer(delayMs: number, run: () => void): Moment {
    return this.worker.setTimer(delayMs, run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(delayMs, resolve);
    });
  }

  /** The first goes out at once, later ones are throttled. Nobody acknowledges any. */
  heartbeat(details: unknown): void {
    if (this.isOver || !this.worker.isAlive) return;
    this.#latest = this.worker.wire(details);
    this.#hasNews = true;
    this.#beat();
  }

  cancel(): void {
    this.#cancelling ??= new AbortController();
    this.#cancelling.abort();
  }

  /** The process is gone: a heartbeat that was under way may have left it in time. */
  dropTravelling(isDelivered: () => boolean): void {
    for (const moment of this.#travelling) if (!isDelivered()) moment.cancel();
    this.#travelling.clear();
  }

  #beat(): void {
    const { time } = this.worker;
    const waitMs = this.#mayBeatAtMs - time.nowMs;
    if (waitMs > 0) {
      if (this.#isThrottled) return;
      this.#isThrottled = true;
      this.setTimer(waitMs, () => {
        this.#isThrottled = false;
        if (!this.isOver && this.#hasNews) this.#beat();
      });
      return;
    }
    const { heartbeatTimeoutMs } = this.task;
    this.#mayBeatAtMs = time.nowMs + THROTTLE_SHARE * (heartbeatTimeoutMs ?? 60_000);
    this.#hasNews = false;
    const details = this.#latest;
    const moment = time.after(HEARTBEAT_TRAVEL_MS, () => {
      this.#travelling.delete(moment);
      if (this.worker.isServerAway()) return;
      if (this.task.recordHeartbeat(this, details) === 'cancel') this.cancel();
    });
    this.#travelling.add(moment);
  }
}
