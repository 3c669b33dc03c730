import type { Random } from '../random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { ActivityTask } from './activity-task.ts';
import type { WorkerProcess } from './worker-process.ts';
import type { WorkflowFunction } from './workflow-instance.ts';
import { WorkflowRun } from './workflow-run.ts';
import type { UpdateAnswer } from './workflow-run.ts';

export interface TemporalServerOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** Longest time that a task waits in its queue, or an answer is under way. Milliseconds. */
  readonly maxTravelMs: number;
  /** Activities that are repeated without limit, whatever their policy says: for negative controls. */
  readonly retried: ReadonlySet<string>;
}

/**
 * A small model of the Temporal server: runs, their pending activities and timers, and the workers that take tasks.
 * Everything here is durable; workers come and go.
 */
export class TemporalServer {
  readonly time: VirtualTime;
  readonly random: Random;
  /** What must never happen: code that replays differently, a workflow task that fails. */
  readonly problems: string[] = [];
  readonly retried: ReadonlySet<string>;
  readonly #maxTravelMs: number;
  readonly #workers = new Set<WorkerProcess>();
  readonly #current = new Map<string, WorkflowRun>();
  readonly #queue: ActivityTask[] = [];
  readonly #waiting: ((worker: WorkerProcess) => void)[] = [];
  #updates = 0;
  onEnd: (run: WorkflowRun) => void = () => undefined;

  constructor({ time, random, maxTravelMs, retried }: TemporalServerOptions) {
    this.time = time;
    this.random = random;
    this.#maxTravelMs = maxTravelMs;
    this.retried = retried;
  }

  run(workflowId: string): WorkflowRun | undefined {
    return this.#current.get(workflowId);
  }

  /** False where a run is open, or has completed: as ALLOW_DUPLICATE_FAILED_ONLY does. */
  startWorkflow(workflowId: string, workflow: WorkflowFunction, args: readonly unknown[]): boolean {
    const known = this.#current.get(workflowId);
    if (known !== undefined && (known.end === undefined || known.end.kind === 'completed')) {
      return false;
    }
    const run = new WorkflowRun(this, {
      workflowId,
      runId: this.random.uuid(),
      startMs: this.time.nowMs,
      seed: this.random.integer(1, 0x7fff_ffff),
      workflow,
      args,
    });
    this.#current.set(workflowId, run);
    run.begin();
    return true;
  }

  signal(workflowId: string, name: string, ...args: readonly unknown[]): boolean {
    const run = this.#current.get(workflowId);
    if (run === undefined || run.end !== undefined) return false;
    run.notify({ kind: 'signal', name, args });
    return true;
  }

  update(
    workflowId: string,
    name: string,
    args: readonly unknown[],
    answer: (answer: UpdateAnswer) => void = () => undefined,
  ): void {
    const run = this.#current.get(workflowId);
    if (run === undefined) {
      answer({ kind: 'refused', error: new Error('there is no such workflow') });
      return;
    }
    this.#updates += 1;
    const id = `update-${this.#updates}`;
    run.update({ kind: 'update', id, name, args, isAccepted: false }, answer);
  }

  cancel(workflowId: string): void {
    this.#current.get(workflowId)?.notify({ kind: 'cancel' });
  }

  terminate(workflowId: string): void {
    this.#current.get(workflowId)?.terminate();
  }

  /** An operator's workflow reset: the run starts over from one of its completed workflow tasks. */
  reset(workflowId: string, toLength: number): void {
    const run = this.#current.get(workflowId);
    if (run === undefined || toLength < 1 || toLength >= run.length) return;
    const start = { ...run.start, runId: this.random.uuid() };
    this.#current.set(workflowId, run.reset(toLength, start));
  }

  /** Hears of what becomes of activities, for a person. */
  trace: ((text: string) => void) | undefined;

  report(problem: string): void {
    this.problems.push(problem);
  }

  ended(run: WorkflowRun): void {
    if (this.#current.get(run.workflowId) === run) this.onEnd(run);
  }

  travelMs(): number {
    return this.#maxTravelMs === 0 ? 0 : this.random.integer(0, this.#maxTravelMs);
  }

  join(worker: WorkerProcess): void {
    this.#workers.add(worker);
    this.#serve();
  }

  /** A worker that came back to life, or has nothing else to do. */
  rejoin(): void {
    this.#serve();
  }

  /** The worker is gone, or has not answered for as long as a workflow task may take. */
  lose(worker: WorkerProcess): void {
    if (!worker.isAlive) this.#workers.delete(worker);
    for (const run of this.#current.values()) run.forget(worker, true);
  }

  enqueue(task: ActivityTask): void {
    this.time.after(task.isLocal ? 0 : this.travelMs(), () => {
      if (task.isLocal) this.#runLocally(task);
      else {
        this.#queue.push(task);
        this.#serve();
      }
    });
  }

  /** Gives a workflow task to the worker that holds the run, or to any other. */
  withWorker(run: (worker: WorkerProcess) => void): void {
    this.#waiting.push(run);
    this.#serve();
  }

  #runLocally(task: ActivityTask): void {
    const { worker } = task.run;
    if (worker?.isReady === true) worker.take(task);
    else task.run.revive(() => this.#runLocally(task));
  }

  #serve(): void {
    const ready = [...this.#workers].filter((worker) => worker.isReady);
    const [first, ...others] = ready;
    if (first === undefined) return;
    for (const run of this.#waiting.splice(0)) run(this.random.pick([first, ...others]));
    for (const task of this.#queue.splice(0)) {
      if (task.isOpen) this.random.pick([first, ...others]).take(task);
    }
  }
}
