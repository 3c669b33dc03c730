import type { Bound, Report } from '../figures.ts';
import type { InflightPlan } from './plan.ts';
import type { TaskReading } from './readings.ts';
import { firstReadings, gaps, peakCount } from './readings.ts';

/** Moments of a run, milliseconds since 1970. */
export interface Restart {
  readonly killedAtMs: number;
  readonly startedAtMs: number;
}

const MOST_RECOVERY_SECONDS = 120;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** The schedule's jitter: no two readings of one job may be closer. */
const LEAST_INTERVAL_SHARE = 0.85;

/** When every one of so many tasks has been read since; `undefined` while some have not. Milliseconds since 1970. */
export function allReadAtMs(
  readings: readonly TaskReading[],
  jobs: number,
  sinceMs: number,
): number | undefined {
  const firsts = firstReadings(readings, sinceMs);
  return firsts.size < jobs ? undefined : Math.max(...firsts.values());
}

/** Adds what the provider saw of the restart, with the bounds that it must keep to. */
export function reportRecovery(
  readings: readonly TaskReading[],
  plan: InflightPlan,
  { killedAtMs, startedAtMs }: Restart,
  report: Report,
): void {
  const readAtMs = allReadAtMs(readings, plan.jobs, startedAtMs);
  if (readAtMs === undefined) throw new Error('not every job has been read after the restart');
  const after = readings.filter(({ atMs }) => atMs >= startedAtMs);
  const { shortestMs, longestMs } = gaps(readings, killedAtMs);
  const add = (name: string, value: number, unit: string, bound?: Bound): void =>
    report.add({ name: `inflight.recovery.${name}`, value, unit }, bound);
  const atMost = (value: number): Bound => ({ kind: 'at most', value });
  add('seconds', (readAtMs - startedAtMs) / SECOND_MS, 's', atMost(MOST_RECOVERY_SECONDS));
  add('shortest_interval', shortestMs / SECOND_MS, 's', {
    kind: 'at least',
    value: plan.intervalSeconds * LEAST_INTERVAL_SHARE,
  });
  add('longest_interval', longestMs / SECOND_MS, 's');
  add('peak_second', peakCount(after, SECOND_MS), 'polls');
  add('peak_minute', peakCount(after, MINUTE_MS), 'polls', atMost(plan.pollsPerMinute));
}
