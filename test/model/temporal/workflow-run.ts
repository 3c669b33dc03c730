import type { Random } from '../random.ts';
import type { Moment } from '../virtual-time.ts';
import { ActivityTask } from './activity-task.ts';
import type { AttemptOutcome } from './activity-task.ts';
import type { TemporalServer } from './temporal-server.ts';
import type { WorkerProcess } from './worker-process.ts';
import { WorkflowInstance } from './workflow-instance.ts';
import type { ActivationJob, Command, UpdateJob, WorkflowStart } from './workflow-instance.ts';

/** What the server remembers of one workflow task: enough to run its code again. */
interface RecordedTask {
  readonly atMs: number;
  readonly jobs: readonly ActivationJob[];
  readonly commands: readonly string[];
}

export type RunEnd =
  | { readonly kind: 'completed'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly failure: Error }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'terminated' };

export type UpdateAnswer =
  | { readonly kind: 'completed'; readonly result: unknown }
  | { readonly kind: 'refused'; readonly error: unknown };

/** How long a workflow task that a lost worker held stays with it. */
const STICKY_TIMEOUT_MS = 5_000;
const TASK_TIMEOUT_MS = 10_000;
/** A task that local activities keep open takes in what has arrived after this time. */
const TASK_HEARTBEAT_MS = 8_000;

const ORDER: Readonly<Record<ActivationJob['kind'], number>> = {
  start: 0,
  seed: 1,
  signal: 2,
  update: 2,
  cancel: 3,
  timer: 3,
  activity: 3,
};

/** One run of a workflow as the server keeps it: its history, its pending activities and timers. Durable. */
export class WorkflowRun {
  readonly server: TemporalServer;
  readonly start: WorkflowStart;
  readonly #random: Random;
  readonly #history: RecordedTask[];
  readonly #activities = new Map<number, ActivityTask>();
  readonly #timers = new Map<number, Moment>();
  readonly #answers = new Map<string, (answer: UpdateAnswer) => void>();
  readonly #accepted = new Set<string>();
  #arrived: ActivationJob[] = [];
  #instance: WorkflowInstance | undefined;
  #worker: WorkerProcess | undefined;
  #nextTask: Moment | undefined;
  #isTaskOpen = false;
  #delayMs = 0;
  /** What was pending at the point of a reset is not open yet. */
  #isFreshFromReset: boolean;
  end: RunEnd | undefined;

  constructor(server: TemporalServer, start: WorkflowStart, history: readonly RecordedTask[] = []) {
    this.server = server;
    this.start = start;
    this.#random = server.random.fork();
    this.#history = [...history];
    this.#isFreshFromReset = history.length > 0;
    for (const job of history.flatMap((task) => task.jobs)) {
      if (job.kind === 'update') this.#accepted.add(job.id);
    }
  }

  get workflowId(): string {
    return this.start.workflowId;
  }

  get runId(): string {
    return this.start.runId;
  }

  /** How many workflow tasks it has completed: points to which it can be reset. */
  get length(): number {
    return this.#history.length;
  }

  get pendingActivities(): readonly ActivityTask[] {
    return [...this.#activities.values()].filter((task) => task.isOpen);
  }

  notify(job: ActivationJob): void {
    if (this.end !== undefined) return;
    this.#arrived.push(job);
    this.#scheduleTask(this.#hasLocal() && job.kind !== 'activity' ? TASK_HEARTBEAT_MS : 0);
  }

  update(job: UpdateJob, answer: (answer: UpdateAnswer) => void): void {
    if (this.end !== undefined) {
      answer({ kind: 'refused', error: new Error('the workflow has ended') });
      return;
    }
    this.#answers.set(job.id, answer);
    this.notify(job);
  }

  /** Asks the code itself; `undefined` where no worker holds it. */
  query(name: string): unknown {
    const instance = this.#instance;
    const handler = instance?.queries.get(name);
    if (instance === undefined || handler === undefined) return undefined;
    return instance.root.enter(() => handler());
  }

  resolveActivity(task: ActivityTask, outcome: AttemptOutcome): void {
    const { seq } = task.command;
    this.server.trace?.(`${task.title} → ${JSON.stringify(outcome)}`);
    this.#activities.delete(seq);
    this.notify({ kind: 'activity', seq, resolution: outcome });
  }

  terminate(): void {
    this.#finish({ kind: 'terminated' });
  }

  /** A worker died or forgot the run: its code is run again from the history when it is needed next. */
  forget(worker: WorkerProcess, isLost: boolean): void {
    if (this.#worker !== worker || this.#isTaskOpen) return;
    this.#instance = undefined;
    this.#worker = undefined;
    if (!isLost) return;
    this.#delayMs = STICKY_TIMEOUT_MS;
    for (const task of this.#activities.values()) {
      if (task.isLocal) task.restartLocally(TASK_TIMEOUT_MS);
    }
  }

  /** The worker that holds the run's code, where it lives. */
  get worker(): WorkerProcess | undefined {
    return this.#worker;
  }

  /** A new run that shares the history up to a task; what was sent to the workflow since is delivered again. */
  reset(toLength: number, start: WorkflowStart): WorkflowRun {
    this.terminate();
    const run = new WorkflowRun(this.server, start, this.#history.slice(0, toLength));
    const later = this.#history.slice(toLength).flatMap((task) => task.jobs);
    const isMessage = (job: ActivationJob): boolean =>
      job.kind === 'signal' || job.kind === 'update' || job.kind === 'cancel';
    const again = [...later, ...this.#arrived].filter(isMessage);
    run.#arrived = [{ kind: 'seed', seed: this.#random.integer(1, 0x7fff_ffff) }, ...again];
    run.#scheduleTask(0);
    return run;
  }

  /** Has the code in memory of a worker that answers, so that it can be asked, or run an activity of its own. */
  revive(then: () => void = () => undefined): void {
    if (this.end !== undefined) return;
    if (this.#worker?.isReady === true) {
      then();
      return;
    }
    if (this.#isTaskOpen) {
      this.server.time.after(1, () => this.revive(then));
      return;
    }
    this.#instance = undefined;
    this.server.withWorker((worker) => {
      if (this.#instance !== undefined || this.#isTaskOpen || this.end !== undefined) {
        this.revive(then);
        return;
      }
      this.#isTaskOpen = true;
      this.#held(worker, () => {
        this.#isTaskOpen = false;
        if (this.#arrived.length > 0) this.#scheduleTask(0);
        then();
      });
    });
  }

  begin(): void {
    this.#arrived.push({ kind: 'start' });
    this.#scheduleTask(0);
  }

  #hasLocal(): boolean {
    return [...this.#activities.values()].some((task) => task.isLocal);
  }

  #scheduleTask(delayMs: number): void {
    if (this.#isTaskOpen || this.end !== undefined) return;
    const { time } = this.server;
    const waitMs = delayMs + this.#delayMs + this.server.travelMs();
    if (this.#nextTask !== undefined) {
      if (this.#nextTask.atMs <= time.nowMs + waitMs) return;
      this.#nextTask.cancel();
    }
    this.#nextTask = time.after(waitMs, () => {
      this.#nextTask = undefined;
      this.server.withWorker((worker) => this.#runTask(worker));
    });
  }

  #runTask(worker: WorkerProcess): void {
    if (this.end !== undefined || this.#isTaskOpen || this.#arrived.length === 0) return;
    this.#isTaskOpen = true;
    const jobs = this.#arrived
      .splice(0)
      .map((job, index) => ({ job, index }))
      .sort(
        (left, right) => ORDER[left.job.kind] - ORDER[right.job.kind] || left.index - right.index,
      )
      .map(({ job }) => job);
    this.#held(worker, (instance) => {
      const atMs = this.server.time.nowMs;
      this.#activate(instance, atMs, jobs, () => this.#conclude(instance, atMs, jobs));
    });
  }

  /** The code in memory, run again from the history where it is not there. */
  #held(worker: WorkerProcess, then: (instance: WorkflowInstance) => void): void {
    if (this.#instance !== undefined) {
      then(this.#instance);
      return;
    }
    this.#delayMs = 0;
    const instance = new WorkflowInstance(this.start);
    this.#instance = instance;
    this.#worker = worker;
    const replay = (index: number): void => {
      const recorded = this.#history[index];
      if (recorded === undefined) {
        this.#resume(instance);
        then(instance);
        return;
      }
      this.#activate(instance, recorded.atMs, recorded.jobs, () => {
        const commands = instance.takeCommands().map(describe);
        if (commands.join('\n') !== recorded.commands.join('\n')) {
          const was = recorded.commands.join(', ');
          this.server.report(
            `${this.workflowId}: replay of task ${index} asked for [${commands.join(', ')}], not for [${was}]`,
          );
        }
        replay(index + 1);
      });
    };
    replay(0);
  }

  /** After a reset the activities and timers that were pending at its point are pending again. */
  #resume(instance: WorkflowInstance): void {
    if (!this.#isFreshFromReset) return;
    this.#isFreshFromReset = false;
    for (const { command } of instance.activities.values()) {
      this.#openActivity(new ActivityTask(this, command));
    }
    for (const [seq, { firesAtMs }] of instance.timers) {
      this.#startTimer(seq, firesAtMs - this.server.time.nowMs);
    }
  }

  #activate(
    instance: WorkflowInstance,
    atMs: number,
    jobs: readonly ActivationJob[],
    then: () => void,
  ): void {
    instance.activate(atMs, jobs);
    const settle = (): void => {
      if (instance.unblock()) this.server.time.afterPromises(settle);
      else then();
    };
    this.server.time.afterPromises(settle);
  }

  #conclude(instance: WorkflowInstance, atMs: number, jobs: readonly ActivationJob[]): void {
    instance.rejectEarlyUpdates();
    this.#isTaskOpen = false;
    if (instance.defect !== undefined) {
      const { defect } = instance;
      const text = defect instanceof Error ? (defect.stack ?? defect.message) : 'a thrown value';
      this.server.report(`${this.workflowId}: a workflow task failed: ${text}`);
      this.#finish({ kind: 'terminated' });
      return;
    }
    const commands = instance.takeCommands();
    for (const command of commands) {
      if (command.kind === 'updateAccepted') this.#accepted.add(command.id);
    }
    // An update that its validator refused leaves no trace in the history.
    const isKept = (id: string): boolean => this.#accepted.has(id);
    const kept = jobs
      .filter((job) => job.kind !== 'update' || isKept(job.id))
      .map((job) => (job.kind === 'update' ? { ...job, isAccepted: true } : job));
    const asked = commands.filter((item) => item.kind !== 'updateRejected' || isKept(item.id));
    if (kept.length > 0) {
      this.#history.push({ atMs, jobs: kept, commands: asked.map(describe) });
    }
    for (const command of commands) this.#obey(command);
    if (this.#arrived.length > 0) this.#scheduleTask(0);
  }

  #obey(command: Command): void {
    switch (command.kind) {
      case 'scheduleActivity':
        this.#openActivity(new ActivityTask(this, command));
        return;
      case 'cancelActivity':
        this.#activities.get(command.seq)?.requestCancel();
        return;
      case 'startTimer':
        this.#startTimer(command.seq, command.durationMs);
        return;
      case 'cancelTimer':
        this.#timers.get(command.seq)?.cancel();
        this.#timers.delete(command.seq);
        return;
      case 'updateAccepted':
        return;
      case 'updateCompleted':
        this.#answer(command.id, { kind: 'completed', result: command.result });
        return;
      case 'updateRejected':
        this.#answer(command.id, { kind: 'refused', error: command.error });
        return;
      case 'complete':
        this.#finish({ kind: 'completed', result: command.result });
        return;
      case 'fail':
        this.#finish({ kind: 'failed', failure: command.failure });
        return;
      case 'cancel':
        this.#finish({ kind: 'cancelled' });
    }
  }

  #answer(id: string, answer: UpdateAnswer): void {
    this.#answers.get(id)?.(answer);
    this.#answers.delete(id);
  }

  #openActivity(task: ActivityTask): void {
    this.#activities.set(task.command.seq, task);
    task.open();
  }

  #startTimer(seq: number, durationMs: number): void {
    const moment = this.server.time.after(durationMs, () => {
      this.#timers.delete(seq);
      this.notify({ kind: 'timer', seq });
    });
    this.#timers.set(seq, moment);
  }

  #finish(end: RunEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.#nextTask?.cancel();
    for (const task of this.#activities.values()) task.abandon();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#activities.clear();
    this.#timers.clear();
    this.#instance = undefined;
    for (const id of this.#answers.keys()) {
      this.#answer(id, { kind: 'refused', error: new Error('the workflow has ended') });
    }
    this.server.ended(this);
  }
}

function describe(command: Command): string {
  switch (command.kind) {
    case 'scheduleActivity':
      return `${command.isLocal ? 'local ' : ''}activity ${command.seq} ${command.type}`;
    case 'startTimer':
      return `timer ${command.seq} ${command.durationMs}`;
    case 'cancelActivity':
    case 'cancelTimer':
      return `${command.kind} ${command.seq}`;
    case 'updateAccepted':
    case 'updateCompleted':
    case 'updateRejected':
      return `${command.kind} ${command.id}`;
    case 'complete':
    case 'fail':
    case 'cancel':
      return command.kind;
  }
}
