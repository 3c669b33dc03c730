import { ensureTemporalFailure, TemporalFailure } from '@temporalio/common';
import type { Activities } from '../../../src/activities/index.ts';
import { translateErrors } from '../../../src/runtime/activity-interceptor.ts';
import type { Moment, VirtualTime } from '../virtual-time.ts';
import type { ActivityTask, AttemptOutcome } from './activity-task.ts';
import { Attempt } from './attempt.ts';
import { runInContext } from './context.ts';
import type { TemporalServer } from './temporal-server.ts';

/** Befalls a process at each of its effects: lets it happen, spoils it, or ends the process. */
export type Perform = <T>(
  process: WorkerProcess,
  effect: string,
  run: () => Promise<T>,
) => Promise<T>;

export interface WorkerProcessOptions {
  readonly name: string;
  readonly server: TemporalServer;
  readonly perform: Perform;
  readonly createActivities: (process: WorkerProcess) => Activities;
  /** What a value is after it crossed the wire. */
  readonly wire: <T>(value: T) => T;
  /** True while what a process sends to the server is not heard. */
  readonly isServerAway: () => boolean;
  /** How far the host's clock is off, milliseconds. */
  readonly skewMs: number;
  /** The process is gone. */
  readonly onDeath: () => void;
}

export interface Pause {
  readonly forMs: number;
  /** A paused virtual machine stops both clocks, and the wall clock is set right only later; a stopped process does not. */
  readonly stopsClock: boolean;
}

const WORKFLOW_TASK_TIMEOUT_MS = 10_000;
const CLOCK_SET_RIGHT_MS = 20_000;

/** What a dead process waits for. One of its own each time: a shared one would keep all that ever waited. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}

type Run = (...args: readonly unknown[]) => Promise<unknown>;

/** One worker process: volatile. What it had in memory dies with it; what it sent is sent. */
export class WorkerProcess {
  readonly name: string;
  readonly server: TemporalServer;
  readonly time: VirtualTime;
  readonly wire: <T>(value: T) => T;
  readonly isServerAway: () => boolean;
  readonly #perform: Perform;
  readonly #activities: Readonly<Record<string, Run>>;
  readonly #attempts = new Set<Attempt>();
  readonly #onDeath: () => void;
  #skewMs: number;
  #isAlive = true;
  #isStopping = false;
  #pausedMs = 0;
  #thawsAtMs = 0;
  #thaw: Promise<void> | undefined;

  constructor(options: WorkerProcessOptions) {
    this.name = options.name;
    this.server = options.server;
    this.time = options.server.time;
    this.wire = options.wire;
    this.isServerAway = options.isServerAway;
    this.#perform = options.perform;
    this.#skewMs = options.skewMs;
    this.#onDeath = options.onDeath;
    this.#activities = options.createActivities(this) as unknown as Readonly<Record<string, Run>>;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  get isFrozen(): boolean {
    return this.#thaw !== undefined;
  }

  /** Neither dead nor standing still. */
  get isUntouched(): boolean {
    return this.#isAlive && this.#thaw === undefined;
  }

  /** Takes tasks. */
  get isReady(): boolean {
    return this.#isAlive && !this.#isStopping && !this.isFrozen;
  }

  wallMs(): number {
    return this.time.nowMs + this.#skewMs;
  }

  monotonicMs(): number {
    return this.time.nowMs - this.#pausedMs;
  }

  /** A timer of this process: it waits while the process stands still, and dies with it. */
  setTimer(delayMs: number, run: () => void): Moment {
    let moment = this.time.after(delayMs, () => {
      if (!this.#isAlive) return;
      if (!this.isFrozen) run();
      else moment = this.setTimer(this.#thawsAtMs - this.time.nowMs + 1, run);
    });
    return { atMs: moment.atMs, cancel: () => moment.cancel() };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(delayMs, resolve);
    });
  }

  /** Goes on where the process may go on: at once, after a thaw, or never. */
  async alive(): Promise<void> {
    while (this.#thaw !== undefined) await this.#thaw;
    if (!this.#isAlive) await never();
  }

  take(task: ActivityTask): void {
    const attempt = new Attempt(task, this);
    if (!task.begin(attempt)) return;
    this.#attempts.add(attempt);
    void runInContext(attempt, () => this.#execute(attempt, task));
  }

  /** SIGKILL. `isDelivered` says of each heartbeat under way whether it had left. */
  kill(isDelivered: () => boolean): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const attempt of this.#attempts) attempt.dropTravelling(isDelivered);
    this.#attempts.clear();
    this.server.lose(this);
    this.#onDeath();
  }

  /** SIGTERM: takes nothing more, and is gone after the grace. */
  stop(graceMs: number): void {
    this.#isStopping = true;
    this.time.after(graceMs, () => this.kill(() => true));
  }

  /** SIGSTOP, or a pause of the whole machine, and its end. */
  freeze({ forMs, stopsClock }: Pause): void {
    if (!this.#isAlive || this.isFrozen) return;
    this.#thawsAtMs = this.time.nowMs + forMs;
    this.#thaw = new Promise((resolve) => {
      this.time.after(forMs, () => {
        this.#thaw = undefined;
        if (stopsClock) this.#fallBehind(forMs);
        resolve();
        this.server.rejoin();
      });
    });
    this.time.after(WORKFLOW_TASK_TIMEOUT_MS, () => {
      if (this.isFrozen) this.server.lose(this);
    });
  }

  #fallBehind(byMs: number): void {
    this.#pausedMs += byMs;
    this.#skewMs -= byMs;
    this.time.after(CLOCK_SET_RIGHT_MS, () => {
      this.#skewMs += byMs;
    });
  }

  async #execute(attempt: Attempt, task: ActivityTask): Promise<void> {
    const outcome = await this.#outcomeOf(attempt, task);
    attempt.isOver = true;
    await this.#perform(this, `complete ${task.command.type}`, async () => {
      task.finish(attempt, outcome);
    });
    this.#attempts.delete(attempt);
  }

  async #outcomeOf(attempt: Attempt, task: ActivityTask): Promise<AttemptOutcome> {
    const { type, args } = task.command;
    const run = this.#activities[type];
    if (run === undefined) throw new Error(`there is no activity ${type}`);
    const { inbound } = translateErrors(
      attempt as unknown as Parameters<typeof translateErrors>[0],
    );
    const input = { args: this.wire([...args]), headers: {} };
    try {
      const result = await inbound?.execute?.(input, async (passed) => await run(...passed.args));
      return { kind: 'completed', result: this.wire(result) };
    } catch (error) {
      if (!(error instanceof TemporalFailure)) this.#reportDefect(type, error);
      return { kind: 'failed', failure: ensureTemporalFailure(error) };
    }
  }

  /** Expected errors have codes; any other is a defect of the code under test. */
  #reportDefect(type: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.server.report(`activity ${type} threw ${text}`);
  }
}
