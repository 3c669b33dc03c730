/** One reading of a task, as the provider saw it. */
export interface TaskReading {
  readonly taskId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** The most readings that fell into any window of so many milliseconds. Readings are in the order of their time. */
export function peakCount(readings: readonly TaskReading[], windowMs: number): number {
  let peak = 0;
  let first = 0;
  for (const [index, { atMs }] of readings.entries()) {
    while ((readings[first]?.atMs ?? atMs) <= atMs - windowMs) first += 1;
    peak = Math.max(peak, index - first + 1);
  }
  return peak;
}

/** When each task was read first, from `sinceMs` on. */
export function firstReadings(
  readings: readonly TaskReading[],
  sinceMs: number,
): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (const { taskId, atMs } of readings) {
    if (atMs >= sinceMs && !firsts.has(taskId)) firsts.set(taskId, atMs);
  }
  return firsts;
}

/** The shortest and the longest time between two readings of a task, of all that end after `sinceMs`. Milliseconds. */
export function gaps(
  readings: readonly TaskReading[],
  sinceMs: number,
): { readonly shortestMs: number; readonly longestMs: number } {
  const last = new Map<string, number>();
  let shortestMs = Infinity;
  let longestMs = 0;
  for (const { taskId, atMs } of readings) {
    const before = last.get(taskId);
    last.set(taskId, atMs);
    if (before === undefined || atMs < sinceMs) continue;
    shortestMs = Math.min(shortestMs, atMs - before);
    longestMs = Math.max(longestMs, atMs - before);
  }
  return { shortestMs, longestMs };
}
