import { randomUUID } from 'node:crypto';
import type { LogEntry, SimulatorLog } from './log.ts';
import type { Settings } from './options.ts';
import { billOf } from './prices.ts';
import { isFinal } from './task.ts';
import type { CreateSpec, JsonBody, ProviderName, Task, TaskPlan, TaskStatus } from './task.ts';
import { planTiming, randomOfCreate } from './timing.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_FAILURE = 'InvalidParameter: The parameter is invalid.';

export interface NewTask {
  readonly provider: ProviderName;
  readonly keyHash: string;
  readonly user: string;
  readonly spec: CreateSpec;
  readonly body: JsonBody;
  readonly end: TaskPlan['end'];
  readonly error?: string;
}

/** All tasks of all three providers. Whatever changes is in the log first. */
export interface TaskBook {
  accept(input: NewTask): Task;
  /** Accepts after so many milliseconds, and never once the book is closed. */
  acceptLater(input: NewTask, delayMs: number): Promise<Task>;
  find(provider: ProviderName, taskId: string): Task | undefined;
  /** Whatever provider's it is: ids are unique here. */
  findAny(taskId: string): Task | undefined;
  /** Lets time run for the tasks of an earlier run; call once the server listens. */
  resume(): void;
  /** Moves the task to where its plan says it is by now. A lazy one moves only with `isRead`. */
  advance(task: Task, isRead?: boolean): void;
  advanceAll(): void;
  /** Ends the task now, whatever its plan was. `expired` may also befall a finished task. */
  end(task: Task, status: TaskStatus, error?: string): void;
  /** True once the provider no longer knows the id. */
  isGone(task: Task): boolean;
  /** The user's tasks that can still be queried, newest first. */
  newest(provider: ProviderName, user: string, limit: number): readonly Task[];
  all(): readonly Task[];
  close(): void;
}

/** Tells of every change of status. */
export type ChangeListener = (task: Task) => void;

export function createTaskBook(
  settings: Settings,
  log: SimulatorLog,
  onChange: ChangeListener,
): TaskBook {
  const tasks = restore(log.entries);
  const open = new Set([...tasks.values()].filter((task) => !isFinal(task.state.status)));
  const timers = new Map<string, NodeJS.Timeout>();
  /** Of tasks that are still to be accepted. */
  const late = new Set<NodeJS.Timeout>();
  let sequence = tasks.size;

  function arm(task: Task): void {
    if (isLazy(task) || isFinal(task.state.status) || task.record.plan.end === 'never') return;
    const { runsAtMs, endsAtMs } = task.record.plan;
    const dueMs = task.state.status === 'queued' ? runsAtMs : endsAtMs;
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(1, dueMs - settings.nowMs()));
    const armedAtMs = settings.nowMs();
    const timer = setTimeout(() => {
      const before = task.state;
      advance(task);
      // A timer may come a moment early. An injected clock may stand still: then the next request moves the task.
      const isClockRunning = settings.nowMs() > armedAtMs;
      if (task.state !== before || isClockRunning) arm(task);
    }, delayMs);
    timer.unref();
    timers.set(task.record.id, timer);
  }

  function isLazy(task: Task): boolean {
    return settings.lazy && task.record.provider === 'nexusflow' && !task.record.spec.isSynchronous;
  }

  function advance(task: Task, isRead = false): void {
    if (isFinal(task.state.status) || (isLazy(task) && !isRead)) return;
    const nowMs = settings.nowMs();
    const { plan } = task.record;
    const stampMs = (plannedMs: number): number => (isLazy(task) ? nowMs : plannedMs);
    if (task.state.status === 'queued' && nowMs >= plan.runsAtMs)
      start(task, stampMs(plan.runsAtMs));
    if (plan.end === 'never' || nowMs < plan.endsAtMs) return;
    if (plan.end === 'succeed') finish(task, 'succeeded', stampMs(plan.endsAtMs));
    else if (plan.end === 'expire') finish(task, 'expired', stampMs(plan.endsAtMs));
    else finish(task, 'failed', stampMs(plan.endsAtMs), plan.error ?? DEFAULT_FAILURE);
  }

  function start(task: Task, atMs: number): void {
    task.state = { status: 'running', changedAtMs: atMs };
    log.append({ kind: 'start', ...identityOf(task), status: 'running' }, atMs);
    onChange(task);
  }

  function finish(task: Task, status: TaskStatus, atMs: number, error?: string): void {
    const isBilled = status === 'succeeded' || (status === 'cancelled' && settings.billsCancelled);
    const bill = isBilled && task.record.quote !== undefined ? { bill: task.record.quote } : {};
    const failure = error === undefined ? {} : { error };
    log.append(
      {
        kind: 'end',
        ...identityOf(task),
        status,
        ...bill,
        ...(error === undefined ? {} : { reason: error }),
      },
      atMs,
    );
    const earlier = task.state;
    task.state = { endedAtMs: atMs, ...earlier, status, changedAtMs: atMs, ...bill, ...failure };
    open.delete(task);
    clearTimeout(timers.get(task.record.id));
    timers.delete(task.record.id);
    onChange(task);
  }

  function accept(input: NewTask): Task {
    sequence += 1;
    const record = toRecord(settings, input, sequence);
    const task: Task = {
      record,
      state: { status: input.spec.initialStatus, changedAtMs: record.createdAtMs },
    };
    tasks.set(record.id, task);
    open.add(task);
    const quote = record.quote === undefined ? {} : { bill: record.quote };
    log.append(
      { kind: 'create', ...identityOf(task), body: input.body, ...quote, task: record },
      record.createdAtMs,
    );
    arm(task);
    return task;
  }

  return {
    accept,
    acceptLater: (input, delayMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          late.delete(timer);
          resolve(accept(input));
        }, delayMs);
        timer.unref();
        late.add(timer);
      }),
    find(provider, taskId) {
      const task = tasks.get(taskId);
      return task?.record.provider === provider ? task : undefined;
    },
    findAny: (taskId) => tasks.get(taskId),
    resume: () => {
      for (const task of open) arm(task);
    },
    advance,
    advanceAll: () => {
      for (const task of open) advance(task);
    },
    end: (task, status, error) => finish(task, status, settings.nowMs(), error),
    isGone: (task) =>
      task.state.status === 'expired' ||
      settings.nowMs() >= task.record.createdAtMs + settings.taskLifeMs,
    newest(provider, user, limit) {
      const shown: Task[] = [];
      for (const task of [...tasks.values()].reverse()) {
        if (shown.length >= limit) break;
        if (task.record.provider !== provider || task.record.user !== user) continue;
        if (!this.isGone(task)) shown.push(task);
      }
      return shown;
    },
    all: () => [...tasks.values()],
    close: () => {
      for (const timer of [...timers.values(), ...late]) clearTimeout(timer);
    },
  };
}

function toRecord(settings: Settings, input: NewTask, sequence: number): Task['record'] {
  const { provider, spec } = input;
  const createdAtMs = settings.nowMs();
  const range = settings.durationsMs[spec.isSynchronous ? 'synchronous' : spec.media.kind];
  const random = randomOfCreate(settings.seed, sequence, spec.model);
  const timing = planTiming(random, range, settings.speed);
  const uuid = randomUUID();
  const quote = billOf({ custom: settings.prices, currency: settings.currency }, provider, spec);
  return {
    id: provider === 'nexusflow' && settings.bareIds ? uuid : `task_${uuid}`,
    sequence,
    provider,
    keyHash: input.keyHash,
    user: input.user,
    createdAtMs,
    spec,
    plan: {
      end: input.end,
      runsAtMs: createdAtMs + timing.queuedMs,
      endsAtMs: createdAtMs + timing.totalMs,
      ...(input.error === undefined ? {} : { error: input.error }),
    },
    ...(quote === undefined ? {} : { quote }),
  };
}

function identityOf({ record }: Task): Pick<LogEntry, 'provider' | 'taskId' | 'model' | 'key'> {
  const { provider, id, spec, keyHash } = record;
  return { provider, taskId: id, model: spec.model, key: keyHash };
}

function restore(entries: readonly LogEntry[]): Map<string, Task> {
  const tasks = new Map<string, Task>();
  for (const entry of entries) {
    const atMs = Date.parse(entry.at);
    if (entry.kind === 'create' && entry.task !== undefined) {
      const state = { status: entry.task.spec.initialStatus, changedAtMs: atMs };
      tasks.set(entry.task.id, { record: entry.task, state });
    }
    const task = entry.taskId === undefined ? undefined : tasks.get(entry.taskId);
    if (task === undefined) continue;
    if (entry.kind === 'start') task.state = { status: 'running', changedAtMs: atMs };
    if (entry.kind !== 'end' || typeof entry.status !== 'string') continue;
    task.state = {
      endedAtMs: atMs,
      ...task.state,
      status: entry.status,
      changedAtMs: atMs,
      ...(entry.bill === undefined ? {} : { bill: entry.bill }),
      ...(entry.reason === undefined ? {} : { error: entry.reason }),
    };
  }
  return tasks;
}
