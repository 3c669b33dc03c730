import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import type { Moment, VirtualTime } from '../virtual-time.ts';
import type { ActivityInfo, Attempt } from './attempt.ts';
import { ms, optionalMs } from './duration.ts';
import type { ScheduleActivity } from './workflow-instance.ts';
import type { WorkflowRun } from './workflow-run.ts';

export type AttemptOutcome =
  | { readonly kind: 'completed'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly failure: Error };

const DEFAULT_RETRY = { initialInterval: 1_000, backoffCoefficient: 2 };

/** An activity as the server keeps it: durable. It survives every worker, and what attempts report late is dropped. */
export class ActivityTask {
  readonly run: WorkflowRun;
  readonly command: ScheduleActivity;
  readonly heartbeatTimeoutMs: number | undefined;
  readonly #time: VirtualTime;
  readonly #deadlineMs: number;
  #state: 'queued' | 'running' | 'backoff' | 'closed' = 'queued';
  #attempt = 1;
  #hasStarted = false;
  #isCancelRequested = false;
  #details: unknown;
  #lastFailure: Error | undefined;
  #current: Attempt | undefined;
  #timers: Moment[] = [];
  #lifeTimer: Moment | undefined;
  #backoffTimer: Moment | undefined;

  constructor(run: WorkflowRun, command: ScheduleActivity) {
    this.run = run;
    this.command = command;
    this.#time = run.server.time;
    this.heartbeatTimeoutMs = optionalMs(command.options.heartbeatTimeout);
    const lifeMs = optionalMs(command.options.scheduleToCloseTimeout);
    this.#deadlineMs = lifeMs === undefined ? Infinity : this.#time.nowMs + lifeMs;
  }

  get isOpen(): boolean {
    return this.#state !== 'closed';
  }

  get title(): string {
    return `${this.run.workflowId} ${this.command.seq} ${this.command.type}`;
  }

  get status(): string {
    return `${this.#state}, attempt ${this.#attempt}`;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isLocal(): boolean {
    return this.command.isLocal;
  }

  describe(): ActivityInfo {
    const { type, seq, options } = this.command;
    return {
      activityType: type,
      activityId: String(seq),
      attempt: this.#attempt,
      heartbeatDetails: this.#details,
      workflowExecution: { workflowId: this.run.workflowId, runId: this.run.runId },
      taskQueue: options.taskQueue ?? 'pollux',
    };
  }

  open(): void {
    if (this.#deadlineMs !== Infinity) {
      const leftMs = this.#deadlineMs - this.#time.nowMs;
      this.#lifeTimer = this.#time.after(leftMs, () => this.#outOfLife());
    }
    this.#enqueue();
  }

  /** A worker takes it. False: it is not waiting for one any more. */
  begin(attempt: Attempt): boolean {
    if (this.#state !== 'queued') return false;
    this.#state = 'running';
    this.#hasStarted = true;
    this.#current = attempt;
    const startToCloseMs = optionalMs(this.command.options.startToCloseTimeout);
    if (startToCloseMs !== undefined) {
      const expire = (): void => this.#expire(attempt, TimeoutType.START_TO_CLOSE);
      this.#timers.push(this.#time.after(startToCloseMs, expire));
    }
    this.#watchHeartbeat(attempt);
    return true;
  }

  finish(attempt: Attempt, outcome: AttemptOutcome): void {
    if (!this.#isCurrent(attempt)) return;
    this.#stopAttempt();
    if (outcome.kind === 'completed') {
      this.#close(outcome);
      return;
    }
    this.#details = attempt.latestDetails ?? this.#details;
    this.#failed(outcome.failure);
  }

  recordHeartbeat(attempt: Attempt, details: unknown): 'go on' | 'cancel' {
    if (!this.#isCurrent(attempt)) return 'cancel';
    this.#details = details;
    this.#watchHeartbeat(attempt);
    return this.#isCancelRequested ? 'cancel' : 'go on';
  }

  requestCancel(): void {
    if (this.#state === 'closed' || this.#isCancelRequested) return;
    this.#isCancelRequested = true;
    if (this.#state === 'running') return;
    const cause = new CancelledFailure('the activity was cancelled');
    this.#closeWith(RetryState.CANCEL_REQUESTED, cause);
  }

  /** An operator's reset: a fresh first attempt at once, whatever an earlier one still does. */
  reset(): void {
    if (this.#state === 'closed') return;
    this.#stopAttempt();
    this.#backoffTimer?.cancel();
    this.#attempt = 1;
    this.#details = undefined;
    this.#enqueue();
  }

  /** The worker that ran it locally is gone, and all that it knew of it: the next workflow task starts it anew. */
  restartLocally(delayMs: number): void {
    if (this.#state === 'closed') return;
    this.#stopAttempt();
    this.#backoffTimer?.cancel();
    this.#attempt = 1;
    this.#state = 'backoff';
    this.#backoffTimer = this.#time.after(delayMs, () => this.#enqueue());
  }

  /** The run is over: nobody waits for the outcome. */
  abandon(): void {
    this.#stopAttempt();
    this.#backoffTimer?.cancel();
    this.#lifeTimer?.cancel();
    this.#state = 'closed';
  }

  #enqueue(): void {
    this.#state = 'queued';
    this.run.server.enqueue(this);
  }

  #isCurrent(attempt: Attempt): boolean {
    return this.#state === 'running' && this.#current === attempt;
  }

  #stopAttempt(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#current = undefined;
  }

  #watchHeartbeat(attempt: Attempt): void {
    if (this.heartbeatTimeoutMs === undefined) return;
    const expire = (): void => this.#expire(attempt, TimeoutType.HEARTBEAT);
    this.#timers[1]?.cancel();
    this.#timers[1] = this.#time.after(this.heartbeatTimeoutMs, expire);
  }

  #expire(attempt: Attempt, type: TimeoutType): void {
    if (!this.#isCurrent(attempt)) return;
    this.#stopAttempt();
    this.#failed(new TimeoutFailure(`activity ${type} timeout`, this.#details, type));
  }

  #outOfLife(): void {
    if (this.#state === 'closed') return;
    const type = this.#hasStarted ? TimeoutType.SCHEDULE_TO_CLOSE : TimeoutType.SCHEDULE_TO_START;
    const cause = new TimeoutFailure(`activity ${type} timeout`, this.#details, type);
    if (this.#lastFailure !== undefined) Object.assign(cause, { cause: this.#lastFailure });
    this.#closeWith(RetryState.TIMEOUT, cause);
  }

  #failed(failure: Error): void {
    this.#lastFailure = failure;
    if (this.#isCancelRequested) this.#closeWith(RetryState.CANCEL_REQUESTED, failure);
    else if (failure instanceof ApplicationFailure && failure.nonRetryable === true) {
      this.#closeWith(RetryState.NON_RETRYABLE_FAILURE, failure);
    } else if (this.#attempt >= this.#maximumAttempts) {
      this.#closeWith(RetryState.MAXIMUM_ATTEMPTS_REACHED, failure);
    } else this.#retryAfter(this.#backoffMs(failure), failure);
  }

  get #maximumAttempts(): number {
    if (this.run.server.retried.has(this.command.type)) return Infinity;
    return this.command.options.retry?.maximumAttempts ?? Infinity;
  }

  #backoffMs(failure: Error): number {
    const asked = failure instanceof ApplicationFailure ? failure.nextRetryDelay : undefined;
    if (asked !== undefined && asked !== null) return ms(asked);
    const retry = { ...DEFAULT_RETRY, ...this.command.options.retry };
    const initialMs = ms(retry.initialInterval);
    const maximumMs = optionalMs(retry.maximumInterval) ?? initialMs * 100;
    return Math.min(maximumMs, initialMs * retry.backoffCoefficient ** (this.#attempt - 1));
  }

  #retryAfter(delayMs: number, failure: Error): void {
    if (this.#time.nowMs + delayMs > this.#deadlineMs) {
      this.#closeWith(RetryState.TIMEOUT, failure);
      return;
    }
    this.#attempt += 1;
    this.#state = 'backoff';
    this.#backoffTimer = this.#time.after(delayMs, () => this.#enqueue());
  }

  #closeWith(state: RetryState, cause: Error): void {
    const { type, seq } = this.command;
    const failure = new ActivityFailure(
      'Activity task failed',
      type,
      String(seq),
      state,
      undefined,
      cause,
    );
    this.#close({ kind: 'failed', failure });
  }

  #close(outcome: AttemptOutcome): void {
    this.abandon();
    this.run.resolveActivity(this, outcome);
  }
}
