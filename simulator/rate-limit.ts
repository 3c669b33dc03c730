/** Counts calls per key in a sliding window, usually a minute. */
export interface RateLimit {
  /** Milliseconds to wait; 0 means the call was counted and may pass. */
  take(key: string, nowMs: number): number;
}

export function createRateLimit(mostCalls: number, windowMs: number): RateLimit {
  const calls = new Map<string, number[]>();
  return {
    take(key, nowMs) {
      if (!Number.isFinite(mostCalls)) return 0;
      const recent = (calls.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs);
      calls.set(key, recent);
      const oldest = recent[0];
      if (recent.length >= mostCalls) return (oldest ?? nowMs) + windowMs - nowMs;
      recent.push(nowMs);
      return 0;
    },
  };
}
