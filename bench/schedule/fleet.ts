import type { ObservedDuration } from '../../src/core/durations.ts';
import type { Schedule } from './schedules.ts';

/** Jobs of one key, and how fast its queue is drained. Seconds. */
export interface Fleet {
  readonly startsSeconds: readonly number[];
  readonly durationsSeconds: readonly number[];
  readonly readingsPerSecond: number;
}

export interface FleetRun {
  readonly lagsSeconds: readonly number[];
  readonly readings: number;
  /** The longest that a reading waited for its turn. */
  readonly longestQueueLagSeconds: number;
}

/** Gives the readings of a key their turn: at its rate, after an idle time up to one second's worth at once. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #atSeconds = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = Math.max(1, perSecond);
  }

  /** The moment at which a reading that is ready at `readySeconds` can happen. */
  peek(readySeconds: number): number {
    const now = Math.max(readySeconds, this.#atSeconds);
    return now + Math.max(0, 1 - this.#tokensAt(now)) / this.#perSecond;
  }

  /** Uses that moment. Calls come in the order of the queue. */
  take(readySeconds: number): number {
    const at = this.peek(readySeconds);
    this.#tokens = Math.max(0, this.#tokensAt(at) - 1);
    this.#atSeconds = at;
    return at;
  }

  #tokensAt(seconds: number): number {
    const most = Math.max(1, this.#perSecond);
    return Math.min(most, this.#tokens + (seconds - this.#atSeconds) * this.#perSecond);
  }
}

/** A schedule that may learn while the fleet runs. */
export interface FleetSchedule extends Schedule {
  finished?(observed: ObservedDuration): void;
}

/** A reading that a job has asked for, or the job's start. */
interface Asked {
  readonly job: number;
  readonly dueSeconds: number;
  readonly isStart: boolean;
}

/** Runs all jobs: one queue, first asked, first read. */
export function runFleet(fleet: Fleet, schedule: FleetSchedule): FleetRun {
  const { startsSeconds, durationsSeconds } = fleet;
  const bucket = new TokenBucket(fleet.readingsPerSecond);
  const counts = startsSeconds.map(() => 0);
  const lastAges = startsSeconds.map(() => 0);
  const lagsSeconds = startsSeconds.map(() => 0);
  const asked: Asked[] = startsSeconds.map((dueSeconds, job) => ({
    job,
    dueSeconds,
    isStart: true,
  }));
  let longestQueueLagSeconds = 0;
  let readings = 0;
  for (let next = takeFirst(asked); next !== undefined; next = takeFirst(asked)) {
    const { job, dueSeconds } = next;
    const ask = (now: number, delaySeconds: number): void => {
      asked.push({ job, dueSeconds: now + delaySeconds, isStart: false });
    };
    if (next.isStart) {
      ask(dueSeconds, schedule.first());
      continue;
    }
    const now = bucket.take(dueSeconds);
    const queueLagSeconds = now - dueSeconds;
    longestQueueLagSeconds = Math.max(longestQueueLagSeconds, queueLagSeconds);
    readings += 1;
    const ageSeconds = now - (startsSeconds[job] ?? 0);
    const duration = durationsSeconds[job] ?? 0;
    const unfinishedSeconds = lastAges[job] ?? 0;
    if (ageSeconds >= duration) {
      lagsSeconds[job] = ageSeconds - duration;
      schedule.finished?.({ unfinishedSeconds, finishedSeconds: ageSeconds });
      continue;
    }
    lastAges[job] = ageSeconds;
    const count = (counts[job] ?? 0) + 1;
    counts[job] = count;
    ask(now, schedule.next({ ageSeconds, readings: count, queueLagSeconds }));
  }
  return { lagsSeconds, readings, longestQueueLagSeconds };
}

function takeFirst(asked: Asked[]): Asked | undefined {
  let first = 0;
  asked.forEach(({ dueSeconds }, position) => {
    if (dueSeconds < (asked[first]?.dueSeconds ?? Infinity)) first = position;
  });
  return asked.splice(first, 1)[0];
}
