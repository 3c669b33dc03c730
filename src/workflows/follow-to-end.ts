import { condition, isCancellation } from '@temporalio/workflow';
import type {
  AcceptedTask,
  FollowAnswer,
  FollowProgress,
  FollowStep,
} from '../activities/index.ts';
import { raise, toClockMoments, toUrgency } from '../core/clocks.ts';
import type { ClockMoments, Urgency } from '../core/clocks.ts';
import { isTerminal } from '../core/provider.ts';
import type { Operation, Snapshot } from '../core/provider.ts';
import { toEarlyEnd, toLastProgress } from '../failures.ts';
import { countUrgent } from './alerts.ts';
import type { JobControl } from './job-control.ts';
import type { JobRecord } from './job-record.ts';
import { runUntil } from './run-until.ts';
import { cancelStep, followStep } from './steps.ts';

/** How the provider's side of a job ended. */
export interface TaskEnd {
  /** The terminal reading; absent where the task's life ended unseen. */
  readonly snapshot?: Snapshot;
  /** The result URL's life counts from here. Milliseconds since 1970. */
  readonly lastUnfinishedAtMs: number;
}

export interface FollowedTask {
  readonly task: AcceptedTask;
  readonly number: number;
  readonly armedAtMs: number;
}

const LAST_READING_MS = 60_000;

/** Follows an accepted task until a terminal reading or the end of its life, whatever the provider answers meanwhile. */
export async function followToEnd(
  followed: FollowedTask,
  record: JobRecord,
  control: JobControl,
): Promise<TaskEnd> {
  const follower = new Follower(followed, record, control);
  return await follower.run();
}

class Follower {
  readonly #number: number;
  readonly #operation: Operation;
  readonly #armedAtMs: number;
  readonly #record: JobRecord;
  readonly #control: JobControl;
  #snapshot: Snapshot;
  #lastUnfinishedAtMs: number;
  #lastWakeAtMs = 0;
  #notBeforeMs = 0;
  /** How urgent the task's readings have become. */
  #urgentAtLeast: 1 | 2 | undefined;
  #hasAskedToStop = false;

  constructor(followed: FollowedTask, record: JobRecord, control: JobControl) {
    this.#number = followed.number;
    this.#operation = followed.task.operation;
    this.#armedAtMs = followed.armedAtMs;
    this.#snapshot = followed.task.snapshot;
    this.#lastUnfinishedAtMs = followed.armedAtMs;
    this.#record = record;
    this.#control = control;
  }

  async run(): Promise<TaskEnd> {
    if (isTerminal(this.#snapshot.status)) return this.#end();
    this.#showRunning(`the provider accepted the task: ${this.#snapshot.providerStatus}`);
    await this.#waitForFirstReading();
    let isTimeUp = false;
    while (!isTerminal(this.#snapshot.status)) {
      await this.#askToStopOnce();
      const lifeEndsAtMs = this.#lifeEndsAtMs();
      const leftMs = lifeEndsAtMs - Date.now();
      const isLast: boolean = isTimeUp || leftMs <= 0;
      const answer: FollowAnswer | 'again' = isLast
        ? await this.#readOnce()
        : await this.#follow(leftMs);
      if (answer === 'again') continue;
      this.#learn(answer);
      this.#notBeforeMs = Date.now() + this.#record.plan.timing.minPollSeconds * 1000;
      // No time for another reading of the schedule: one more, now, is the last, unless somebody gives the task more time.
      const isExtended = this.#lifeEndsAtMs() > lifeEndsAtMs;
      if (isLast && !isExtended && !isTerminal(this.#snapshot.status))
        return { lastUnfinishedAtMs: this.#lastUnfinishedAtMs };
      isTimeUp = answer.kind === 'life_over' && !isExtended;
    }
    return this.#end();
  }

  #end(): TaskEnd {
    return { snapshot: this.#snapshot, lastUnfinishedAtMs: this.#lastUnfinishedAtMs };
  }

  #moments(): ClockMoments {
    return toClockMoments({
      timing: this.#record.plan.timing,
      armedAtMs: this.#armedAtMs,
      lastUnfinishedAtMs: this.#lastUnfinishedAtMs,
      extraLifeMs: this.#control.extraLifeMs,
    });
  }

  #lifeEndsAtMs(): number {
    return this.#moments().taskEndsAtMs;
  }

  #showRunning(note: string): void {
    const status = this.#snapshot.status === 'queued' ? 'queued' : 'running';
    const { taskEndsAtMs, lastSafePollAtMs } = this.#moments();
    this.#record.update(
      {
        status,
        taskExpiresAt: new Date(taskEndsAtMs).toISOString(),
        lastSafePollAt: new Date(lastSafePollAtMs).toISOString(),
        progress: this.#snapshot.progress ?? null,
      },
      note,
    );
  }

  async #waitForFirstReading(): Promise<void> {
    const { firstPollMs } = this.#record.plan.reading;
    const waitMs = Math.min(firstPollMs, this.#lifeEndsAtMs() - Date.now());
    if (waitMs <= 0) return;
    this.#record.update({ nextPollAt: new Date(Date.now() + waitMs).toISOString() });
    const isDue = (): boolean => this.#control.isWoken || this.#control.cancel !== undefined;
    await condition(isDue, waitMs, { summary: 'until the first useful reading' });
  }

  /** A task that can be stopped is asked to, and followed to its end all the same. */
  async #askToStopOnce(): Promise<void> {
    const { plan } = this.#record;
    if (this.#control.cancel === undefined || this.#hasAskedToStop || !plan.canCancel) return;
    this.#hasAskedToStop = true;
    try {
      const answer = await cancelStep(plan).cancelTask({
        jobId: this.#record.jobId,
        number: this.#number,
        account: plan.account,
        operation: this.#operation,
      });
      this.#record.update({}, `the provider was asked to stop the task: ${answer}`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#record.update(
        {},
        'the provider could not be asked to stop the task; it is followed to its end',
      );
    }
  }

  /**
   * One pending activity that the server retries, until it tells something new, a message wakes the job or time is up.
   * Its time ends where it becomes more urgent, because priority is fixed when an activity is scheduled.
   */
  async #follow(leftMs: number): Promise<FollowAnswer | 'again'> {
    const { taskLifeSeconds, urlLifeSeconds } = this.#record.plan.timing;
    const safeMs = this.#moments().lastSafePollAtMs - Date.now();
    const lifeSeconds = Math.min(taskLifeSeconds, urlLifeSeconds);
    const urgency = toUrgency(safeMs, lifeSeconds, this.#urgentAtLeast);
    if (urgency.priorityKey === 1) countUrgent(this.#record.plan.account, 'poll');
    const { risesInMs = leftMs } = urgency;
    this.#takeWake();
    try {
      return await runUntil(
        this.#control,
        () => this.#dueInMs(),
        () => this.#step(Math.min(leftMs, risesInMs), urgency, false),
      );
    } catch (error) {
      switch (toEarlyEnd(error)) {
        case 'woken':
          this.#urgentAtLeast = undefined;
          return 'again';
        case 'timed_out':
          this.#keep(toLastProgress(error));
          if (risesInMs >= leftMs) return this.#nothingNew('life_over');
          this.#urgentAtLeast = raise(urgency);
          return 'again';
        case undefined:
          throw error;
      }
    }
  }

  /** What an attempt that had no successor left behind. */
  #keep(progress: unknown): void {
    const { polls, nextPollAt, lastUnfinishedAt } = (progress ?? {}) as Partial<FollowProgress>;
    if (polls === undefined || nextPollAt === undefined) return;
    this.#record.update({ polls: Math.max(polls, this.#record.facts.polls) });
    this.#notBeforeMs = Date.parse(nextPollAt);
    this.#noteUnfinished(lastUnfinishedAt ?? null);
  }

  async #readOnce(): Promise<FollowAnswer> {
    try {
      return await this.#step(LAST_READING_MS, { priorityKey: 1 }, true);
    } catch (error) {
      if (toEarlyEnd(error) === undefined) throw error;
      return this.#nothingNew('unchanged');
    }
  }

  async #step(lifeMs: number, urgency: Urgency, once: boolean): Promise<FollowAnswer> {
    const { plan, facts, jobId } = this.#record;
    const step: FollowStep = {
      jobId,
      number: this.#number,
      account: plan.account,
      operation: this.#operation,
      known: { status: this.#snapshot.status, trouble: facts.hold?.reason ?? null },
      reading: plan.reading,
      armedAtMs: this.#armedAtMs,
      isAnnounced: this.#control.isAnnounced(this.#number),
      lifeEndsAtMs: this.#lifeEndsAtMs(),
      polls: facts.polls,
      notBeforeMs: once ? 0 : this.#notBeforeMs,
      once,
    };
    const summary = once ? 'last reading of the task' : `follow the task: ${this.#snapshot.status}`;
    return await followStep(plan, { lifeMs, urgency, summary }).followTask(step);
  }

  #nothingNew(kind: 'life_over' | 'unchanged'): FollowAnswer {
    return { kind, polls: this.#record.facts.polls, lastUnfinishedAt: null };
  }

  #learn(answer: FollowAnswer): void {
    this.#record.update({
      polls: Math.max(answer.polls, this.#record.facts.polls),
      nextPollAt: null,
    });
    this.#noteUnfinished(answer.lastUnfinishedAt);
    switch (answer.kind) {
      case 'changed':
        this.#snapshot = answer.snapshot;
        if (this.#record.facts.hold !== null)
          this.#record.update({ hold: null }, 'the task can be read again');
        if (!isTerminal(answer.snapshot.status))
          this.#showRunning(`the task is ${answer.snapshot.providerStatus}`);
        return;
      case 'recovered':
        this.#record.update({ hold: null }, 'the task can be read again');
        return;
      case 'troubled':
        this.#record.update(
          {
            hold: {
              reason: answer.hold,
              number: this.#number,
              since: answer.since,
              evidence: { code: answer.error.code, message: answer.error.message },
            },
          },
          `the task cannot be read: ${answer.error.message}`,
        );
        return;
      case 'unchanged':
      case 'life_over':
        return;
    }
  }

  #noteUnfinished(at: string | null): void {
    if (at === null) return;
    this.#lastUnfinishedAtMs = Math.max(this.#lastUnfinishedAtMs, Date.parse(at));
  }

  /** However many messages arrive, the task is read at most once in `minPollSeconds` because of them. */
  #dueInMs(): number | undefined {
    const { plan } = this.#record;
    const mustAsk = this.#control.cancel !== undefined && !this.#hasAskedToStop && plan.canCancel;
    if (mustAsk) return 0;
    return this.#control.isWoken ? this.#nextWakeAtMs() - Date.now() : undefined;
  }

  #nextWakeAtMs(): number {
    return this.#lastWakeAtMs + this.#record.plan.timing.minPollSeconds * 1000;
  }

  /** A message that came while nothing was pending, or that ended what was: the next reading comes as soon as it may. */
  #takeWake(): void {
    if (!this.#control.takeWake()) return;
    this.#lastWakeAtMs = Math.max(Date.now(), this.#nextWakeAtMs());
    this.#notBeforeMs = this.#lastWakeAtMs;
  }
}
