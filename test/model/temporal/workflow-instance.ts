import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { RetryPolicy } from '@temporalio/common';
import { Random } from '../random.ts';
import { CancellationScope, isCancellation } from './cancellation-scope.ts';

export type WorkflowFunction = (...args: never[]) => Promise<unknown>;

/** The options of an activity that this model honours. */
export interface ActivityOptions {
  readonly taskQueue?: string;
  readonly startToCloseTimeout?: number | string;
  readonly scheduleToCloseTimeout?: number | string;
  readonly heartbeatTimeout?: number | string;
  readonly retry?: RetryPolicy;
}

/** What workflow code asks of the server. */
export type Command =
  | ScheduleActivity
  | { readonly kind: 'cancelActivity'; readonly seq: number }
  | { readonly kind: 'startTimer'; readonly seq: number; readonly durationMs: number }
  | { readonly kind: 'cancelTimer'; readonly seq: number }
  | { readonly kind: 'updateRejected'; readonly id: string; readonly error: unknown }
  | { readonly kind: 'updateAccepted'; readonly id: string }
  | { readonly kind: 'updateCompleted'; readonly id: string; readonly result: unknown }
  | { readonly kind: 'complete'; readonly result: unknown }
  | { readonly kind: 'fail'; readonly failure: Error }
  | { readonly kind: 'cancel' };

export interface ScheduleActivity {
  readonly kind: 'scheduleActivity';
  readonly seq: number;
  readonly type: string;
  readonly args: readonly unknown[];
  readonly options: ActivityOptions;
  readonly isLocal: boolean;
}

export type Resolution =
  | { readonly kind: 'completed'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly failure: Error };

/** One thing that the server tells workflow code. */
export type ActivationJob =
  | { readonly kind: 'start' }
  | { readonly kind: 'seed'; readonly seed: number }
  | { readonly kind: 'signal'; readonly name: string; readonly args: readonly unknown[] }
  | UpdateJob
  | { readonly kind: 'cancel' }
  | { readonly kind: 'activity'; readonly seq: number; readonly resolution: Resolution }
  | { readonly kind: 'timer'; readonly seq: number };

export interface UpdateJob {
  readonly kind: 'update';
  readonly id: string;
  readonly name: string;
  readonly args: readonly unknown[];
  /** From the history: it was accepted, and its validator does not run again. */
  readonly isAccepted: boolean;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

type Handler = (...args: readonly unknown[]) => unknown;

interface BlockedCondition {
  readonly fn: () => boolean;
  readonly resolve: () => void;
}

interface UpdateHandler {
  readonly handler: Handler;
  readonly validator: ((...args: readonly unknown[]) => void) | undefined;
}

export interface WorkflowStart {
  readonly workflowId: string;
  readonly runId: string;
  readonly startMs: number;
  readonly seed: number;
  readonly workflow: WorkflowFunction;
  readonly args: readonly unknown[];
}

/** One run as a worker holds it in memory: volatile, rebuilt from the history by running its code again. */
export class WorkflowInstance {
  readonly start: WorkflowStart;
  nowMs: number;
  random: Random;
  readonly root: CancellationScope;
  readonly signals: Map<string, Handler> = new Map();
  readonly updates: Map<string, UpdateHandler> = new Map();
  readonly queries: Map<string, Handler> = new Map();
  readonly timers: Map<number, Waiting & { readonly firesAtMs: number }> = new Map();
  readonly activities: Map<number, Waiting & { readonly command: ScheduleActivity }> = new Map();
  readonly conditions: Map<number, BlockedCondition> = new Map();
  /** Updates being worked on, by id. */
  readonly #handling = new Set<string>();
  readonly #early: ActivationJob[] = [];
  #signalsInProgress = 0;
  #commands: Command[] = [];
  #isCancelled = false;
  #isClosed = false;
  #nextSeq = 0;
  /** An error that is no failure of the workflow: its task fails, and would be run again for ever. */
  defect: unknown;

  constructor(start: WorkflowStart) {
    this.start = start;
    this.nowMs = start.startMs;
    this.random = new Random(start.seed);
    this.root = new CancellationScope({}, this);
  }

  get areHandlersFinished(): boolean {
    return this.#handling.size === 0 && this.#signalsInProgress === 0;
  }

  nextSeq(): number {
    return this.#nextSeq++;
  }

  push(command: Command): void {
    if (!this.#isClosed) this.#commands.push(command);
  }

  takeCommands(): readonly Command[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  /** Tells the code what has happened; its promises run out afterwards. */
  activate(atMs: number, jobs: readonly ActivationJob[]): void {
    this.nowMs = atMs;
    const start = jobs.find((job) => job.kind === 'start');
    for (const job of jobs) {
      if (job === start) continue;
      this.#guard(() => this.root.enter(() => this.#apply(job)));
      this.unblock();
    }
    if (start !== undefined) {
      this.#guard(() => this.root.enter(() => this.#begin()));
      this.unblock();
    }
  }

  /** True while conditions became true: promises have to run out and conditions to be asked again. */
  unblock(): boolean {
    let hasUnblocked = false;
    for (let goesOn = true; goesOn;) {
      goesOn = false;
      for (const [seq, condition] of this.conditions) {
        const met: true[] = [];
        this.#guard(() => {
          if (this.root.enter(condition.fn)) met.push(true);
        });
        if (met.length === 0) continue;
        this.conditions.delete(seq);
        condition.resolve();
        goesOn = true;
        hasUnblocked = true;
      }
    }
    return hasUnblocked;
  }

  /** Updates that found no handler by the end of the activation are refused. */
  rejectEarlyUpdates(): void {
    for (const job of this.#early.splice(0)) {
      if (job.kind !== 'update') this.#early.push(job);
      else {
        const error = new Error(`No registered handler for update: ${job.name}`);
        this.push({ kind: 'updateRejected', id: job.id, error });
      }
    }
  }

  /** A handler has been registered: what came before it is delivered now, ahead of the code that registered it. */
  deliverEarly(kind: 'signal' | 'update', name: string): void {
    const due = this.#early.filter((job) => job.kind === kind && job.name === name);
    for (const job of due) {
      this.#early.splice(this.#early.indexOf(job), 1);
      this.#apply(job);
    }
  }

  #begin(): void {
    const { workflow, args } = this.start;
    const run = workflow as (...args: readonly unknown[]) => Promise<unknown>;
    run(...args).then(
      (result) => this.#close({ kind: 'complete', result }),
      (error: unknown) => this.#fail(error),
    );
  }

  #apply(job: ActivationJob): void {
    if (this.#isClosed) return;
    switch (job.kind) {
      case 'start':
        return;
      case 'seed':
        this.random = new Random(job.seed);
        return;
      case 'cancel':
        this.#isCancelled = true;
        this.root.cancel();
        return;
      case 'signal':
        this.#signal(job);
        return;
      case 'update':
        this.#update(job);
        return;
      case 'timer': {
        const timer = this.timers.get(job.seq);
        this.timers.delete(job.seq);
        timer?.resolve(undefined);
        return;
      }
      case 'activity': {
        const activity = this.activities.get(job.seq);
        this.activities.delete(job.seq);
        if (job.resolution.kind === 'completed') activity?.resolve(job.resolution.result);
        else activity?.reject(job.resolution.failure);
      }
    }
  }

  #signal(job: Extract<ActivationJob, { kind: 'signal' }>): void {
    const handler = this.signals.get(job.name);
    if (handler === undefined) {
      this.#early.push(job);
      return;
    }
    this.#signalsInProgress += 1;
    const handled = (async () => {
      await handler(...job.args);
    })();
    handled
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#signalsInProgress -= 1;
      })
      .catch(() => undefined);
  }

  #update(job: UpdateJob): void {
    const { id, name, args } = job;
    const entry = this.updates.get(name);
    if (entry === undefined) {
      this.#early.push(job);
      return;
    }
    try {
      if (!job.isAccepted) entry.validator?.(...args);
    } catch (error) {
      this.push({ kind: 'updateRejected', id, error });
      return;
    }
    this.push({ kind: 'updateAccepted', id });
    this.#handling.add(id);
    const handled = (async () => await entry.handler(...args))();
    handled
      .then((result) => this.push({ kind: 'updateCompleted', id, result }))
      .catch((error: unknown) => {
        if (error instanceof TemporalFailure) this.push({ kind: 'updateRejected', id, error });
        else this.#fail(error);
      })
      .finally(() => this.#handling.delete(id))
      .catch(() => undefined);
  }

  #fail(error: unknown): void {
    if (this.#isCancelled && isCancellation(error)) this.#close({ kind: 'cancel' });
    else if (error instanceof TemporalFailure) this.#close({ kind: 'fail', failure: error });
    else this.defect ??= error ?? new ApplicationFailure('a workflow threw nothing');
  }

  #close(command: Command): void {
    this.push(command);
    this.#isClosed = true;
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.defect ??= error;
    }
  }
}
