import { toIsoTime } from '../core/clock.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { HoldReason } from '../core/job.ts';
import type { SubmissionId } from '../core/ledger.ts';
import type { Operation, Reading, ReadTrouble, Snapshot, TaskStatus } from '../core/provider.ts';
import { isTerminal } from '../core/provider.ts';
import { nextPollDelayMs } from '../core/poll-schedule.ts';
import type { PollBounds } from '../core/poll-schedule.ts';
import { requireAccount } from './account-of.ts';
import type { ActivityPorts } from './ports.ts';
import { stageInline } from './stage-inline.ts';
import { waitFor } from './wait.ts';

export interface FollowStep extends SubmissionId {
  readonly account: string;
  readonly operation: Operation;
  /** What the workflow knows already; only a difference is worth a return. */
  readonly known: { readonly status: TaskStatus; readonly trouble: HoldReason | null };
  readonly reading: ReadingPlan;
  /** The task's age counts from here. Milliseconds since 1970. */
  readonly armedAtMs: number;
  /** A callback said that the task has ended. */
  readonly isAnnounced: boolean;
  /** End of the task's life minus its margin, milliseconds since 1970. */
  readonly lifeEndsAtMs: number;
  /** Readings so far. */
  readonly polls: number;
  /** No reading before this moment, milliseconds since 1970: the last one has just been. */
  readonly notBeforeMs: number;
  /** Return after one reading, whatever it says. */
  readonly once: boolean;
}

/** What decides when a task is read. */
export interface ReadingPlan {
  readonly bounds: PollBounds;
  /** The provider's model id. */
  readonly model: string;
  /** The request's parameters that matter for how long the task takes. */
  readonly variant: string;
  /** How long the first reading may wait after the task was accepted. Milliseconds. */
  readonly firstPollMs: number;
}

/** Survives from attempt to attempt as heartbeat details, and is what `jobs show` and the UI show during the wait. */
export interface FollowProgress {
  readonly polls: number;
  readonly unchangedReadings: number;
  /** Of these, the last so many could not tell. */
  readonly troubledReadings: number;
  readonly status: TaskStatus;
  readonly progress: number | null;
  /** ISO 8601; `null` before the first reading of this activity. */
  readonly lastReadAt: string | null;
  /** ISO 8601. */
  readonly nextPollAt: string;
  /** ISO 8601; the last reading that showed the task unfinished. */
  readonly lastUnfinishedAt: string | null;
  readonly trouble: {
    readonly kind: ReadTrouble;
    readonly since: string;
    readonly code: string;
  } | null;
}

export type FollowAnswer = {
  readonly polls: number;
  /** ISO 8601; the URL's life counts from here. `null`: no reading of this activity showed the task unfinished. */
  readonly lastUnfinishedAt: string | null;
} & (
  | { readonly kind: 'changed'; readonly snapshot: Snapshot }
  | {
      readonly kind: 'troubled';
      readonly hold: HoldReason;
      readonly since: string;
      readonly error: ErrorReport;
    }
  | { readonly kind: 'recovered'; readonly snapshot: Snapshot }
  /** Only where `once` was asked: nothing new. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'life_over' }
);

/** Trouble that passes within this time is nobody's business. Milliseconds. */
const TROUBLE_PATIENCE_MS = 60_000;

const HOLD_REASONS: Readonly<Record<ReadTrouble, HoldReason | undefined>> = {
  task_missing: 'task_missing',
  unauthorized: 'unauthorized',
  unreadable: 'unreadable',
  provider_unavailable: 'provider_unavailable',
  rate_limited: undefined,
};

/**
 * Reads the task once. Returns if that told something new; otherwise asks the server to run it again after the
 * schedule's next delay, which writes no history. No refusal, outage or unreadable answer ends it.
 *
 * Run twice: two readings, nothing else.
 */
export async function followTask(
  ports: ActivityPorts,
  step: FollowStep,
  previous: FollowProgress | undefined,
  heartbeat: (progress: FollowProgress) => void,
  signal: AbortSignal,
): Promise<FollowAnswer> {
  const startedAtMs = ports.clock();
  if (previous === undefined) waitForFirstReading(step, startedAtMs, heartbeat);
  const { account, provider } = requireAccount(ports, step.account);
  const reading = await provider.read(step.operation, {
    signal,
    apiKey: account.apiKey,
    timeoutMs: READ_TIMEOUT_MS,
    logger: ports.logger,
  });
  const facts = readFacts(step, previous, reading, startedAtMs);
  const answer = await toAnswer(ports, step, reading, facts);
  if (answer !== undefined) return answer;

  const { bounds, model, variant } = step.reading;
  const profile = await ports.durations.profileOf({ account: step.account, model, variant });
  const now = ports.clock();
  const delayMs = nextPollDelayMs({
    bounds,
    profile,
    ageMs: now - step.armedAtMs,
    unchangedReadings: facts.unchangedReadings,
    troubledReadings: facts.troubledReadings,
    retryAfterMs: reading.outcome === 'trouble' ? reading.retryAfterMs : undefined,
    queueLagMs: toQueueLagMs(previous, startedAtMs),
    isAnnounced: step.isAnnounced,
    remainingMs: step.lifeEndsAtMs - now,
    jitter: Math.random(),
  });
  if (delayMs === undefined) return { kind: 'life_over', ...toCounters(facts) };
  throw waitForNext({ ...facts, nextPollAt: toIsoTime(now + delayMs) }, delayMs, heartbeat);
}

/** How long this attempt waited for its turn beyond what it had asked for. */
function toQueueLagMs(previous: FollowProgress | undefined, startedAtMs: number): number {
  if (previous === undefined) return 0;
  return Math.max(0, startedAtMs - Date.parse(previous.nextPollAt));
}

/** Leaves behind what is known and asks the server for the next attempt. */
function waitForNext(
  progress: FollowProgress,
  delayMs: number,
  heartbeat: (progress: FollowProgress) => void,
): Error {
  heartbeat(progress);
  return waitFor('wait.unchanged', describe(progress, delayMs), delayMs, progress);
}

const READ_TIMEOUT_MS = 15_000;
/** A wait that is not worth another attempt. */
const SHORT_WAIT_MS = 200;

/** A fresh activity that follows a reading must not read at once; the server waits, as between any two readings. */
function waitForFirstReading(
  step: FollowStep,
  nowMs: number,
  heartbeat: (progress: FollowProgress) => void,
): void {
  const delayMs = Math.min(step.notBeforeMs, step.lifeEndsAtMs) - nowMs;
  if (delayMs <= SHORT_WAIT_MS) return;
  const progress: FollowProgress = {
    polls: step.polls,
    unchangedReadings: 0,
    troubledReadings: 0,
    status: step.known.status,
    progress: null,
    lastReadAt: null,
    nextPollAt: toIsoTime(nowMs + delayMs),
    lastUnfinishedAt: null,
    trouble: null,
  };
  throw waitForNext(progress, delayMs, heartbeat);
}

type ReadingFacts = Omit<FollowProgress, 'nextPollAt' | 'lastReadAt'> & {
  readonly lastReadAt: string;
};

function readFacts(
  step: FollowStep,
  previous: FollowProgress | undefined,
  reading: Reading,
  startedAtMs: number,
): ReadingFacts {
  const at = toIsoTime(startedAtMs);
  const base = {
    polls: (previous?.polls ?? step.polls) + 1,
    unchangedReadings: (previous?.unchangedReadings ?? 0) + 1,
    lastReadAt: at,
  };
  if (reading.outcome === 'trouble') {
    const goesOn = previous?.trouble ?? null;
    return {
      ...base,
      status: previous?.status ?? step.known.status,
      progress: previous?.progress ?? null,
      lastUnfinishedAt: previous?.lastUnfinishedAt ?? null,
      troubledReadings: (previous?.troubledReadings ?? 0) + 1,
      trouble: { kind: reading.trouble, since: goesOn?.since ?? at, code: reading.error.code },
    };
  }
  const { status, progress } = reading.snapshot;
  return {
    ...base,
    status,
    progress: progress ?? null,
    lastUnfinishedAt: isTerminal(status) ? (previous?.lastUnfinishedAt ?? null) : at,
    troubledReadings: 0,
    trouble: null,
  };
}

async function toAnswer(
  ports: ActivityPorts,
  step: FollowStep,
  reading: Reading,
  facts: ReadingFacts,
): Promise<FollowAnswer | undefined> {
  const counters = toCounters(facts);
  if (reading.outcome === 'read') {
    if (isNews(step.known.status, reading.snapshot.status)) {
      const snapshot = await stageInline(ports, step.jobId, step.number, reading.snapshot);
      return { kind: 'changed', snapshot, ...counters };
    }
    if (step.known.trouble !== null)
      return { kind: 'recovered', snapshot: reading.snapshot, ...counters };
  } else if (facts.trouble !== null) {
    const hold = HOLD_REASONS[reading.trouble];
    const lastsMs = Date.parse(facts.lastReadAt) - Date.parse(facts.trouble.since);
    if (hold !== undefined && hold !== step.known.trouble && lastsMs >= TROUBLE_PATIENCE_MS) {
      return {
        kind: 'troubled',
        hold,
        since: facts.trouble.since,
        error: reading.error,
        ...counters,
      };
    }
  }
  return step.once ? { kind: 'unchanged', ...counters } : undefined;
}

/** A task that falls back to the queue tells nothing that matters: only its progress towards an end is news. */
function isNews(known: TaskStatus, read: TaskStatus): boolean {
  return read !== known && read !== 'queued';
}

function toCounters(facts: ReadingFacts): Pick<FollowAnswer, 'polls' | 'lastUnfinishedAt'> {
  return { polls: facts.polls, lastUnfinishedAt: facts.lastUnfinishedAt };
}

function describe(progress: FollowProgress, delayMs: number): string {
  const done = progress.progress === null ? '' : ` ${progress.progress} %`;
  const trouble = progress.trouble === null ? '' : ` (last answer: ${progress.trouble.kind})`;
  const seconds = Math.round(delayMs / 1000);
  return `unchanged: ${progress.status}${done}${trouble}; reading ${progress.polls + 1} in ${seconds} s`;
}
