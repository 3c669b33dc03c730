const MINUTE_MS = 60_000;

/** Counts calls per key in a sliding minute. */
export interface RateLimit {
  /** Milliseconds to wait; 0 means the call was counted and may pass. */
  take(key: string, nowMs: number): number;
}

export function createRateLimit(callsPerMinute: number): RateLimit {
  const calls = new Map<string, number[]>();
  return {
    take(key, nowMs) {
      if (!Number.isFinite(callsPerMinute)) return 0;
      const recent = (calls.get(key) ?? []).filter((atMs) => atMs > nowMs - MINUTE_MS);
      calls.set(key, recent);
      const oldest = recent[0];
      if (recent.length >= callsPerMinute) return (oldest ?? nowMs) + MINUTE_MS - nowMs;
      recent.push(nowMs);
      return 0;
    },
  };
}
