const BACKOFF_BASE_MS = 2_000;
const BACKOFF_MAX_MS = 300_000;

/**
 * Wait before submission `number + 1` after submission `number` was proved not accepted, in milliseconds:
 * doubling from 2 s to 5 min, or what the provider asked for if that is longer.
 */
export function resubmitDelayMs(number: number, retryAfterMs: number | undefined): number {
  const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(number - 1, 20));
  return Math.max(backoff, retryAfterMs ?? 0);
}
