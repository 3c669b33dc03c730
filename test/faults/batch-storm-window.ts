/** Milliseconds since 1970. */
export type Span = readonly [fromMs: number, toMs: number];

export interface WindowFigures {
  /** The most jobs at once, at any moment. */
  readonly most: number;
  /** The fewest over a whole second outside the outages, while at least a window of items had not ended. */
  readonly fewest: number;
  /** When that second began. Milliseconds since 1970. */
  readonly fewestAtMs: number;
  /** Seconds that this was looked for in. */
  readonly seconds: number;
  /** The average over these seconds. */
  readonly average: number;
}

const SECOND_MS = 1_000;

/** How many jobs were in flight, by the spans of their workflows. */
export function measureWindow(
  spans: readonly Span[],
  window: number,
  outages: readonly Span[],
): WindowFigures {
  const firstMs = Math.min(...spans.map(([fromMs]) => fromMs));
  const ends = spans.map(([, toMs]) => toMs).sort((one, other) => one - other);
  const lastMs = ends[spans.length - window] ?? firstMs;
  const calm: number[] = [];
  let fewest = Infinity;
  let fewestAtMs = firstMs;
  for (let atMs = firstMs; atMs + SECOND_MS <= lastMs; atMs += SECOND_MS) {
    const second: Span = [atMs, atMs + SECOND_MS];
    if (outages.some((outage) => overlap(outage, second) > 0)) continue;
    const inFlight = spans.reduce((sum, span) => sum + overlap(span, second), 0) / SECOND_MS;
    calm.push(inFlight);
    if (inFlight < fewest) [fewest, fewestAtMs] = [inFlight, atMs];
  }
  return {
    most: mostAtOnce(spans),
    fewest,
    fewestAtMs,
    seconds: calm.length,
    average: calm.reduce((sum, one) => sum + one, 0) / calm.length,
  };
}

function overlap([from, to]: Span, [otherFrom, otherTo]: Span): number {
  return Math.max(0, Math.min(to, otherTo) - Math.max(from, otherFrom));
}

function mostAtOnce(spans: readonly Span[]): number {
  const changes = spans
    .flatMap(([from, to]) => [[from, 1] as const, [to, -1] as const])
    .sort(([one, change], [other, otherChange]) => one - other || change - otherChange);
  let running = 0;
  return changes.reduce((most, [, change]) => {
    running += change;
    return Math.max(most, running);
  }, 0);
}
