const MAX_RETRY_AFTER_MS = 3_600_000;
const SECONDS = /^[+-]?\d+(\.\d+)?$/;
const DATE = /^[A-Za-z]{3,9},? /;

/**
 * What a `Retry-After` header asks for, in milliseconds from `nowMs`. Total: seconds and HTTP dates are clamped to
 * 0 … 1 hour (a negative number or a past date is 0); anything else is `undefined`, as if the header were absent.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (SECONDS.test(text)) return clamp(Number(text) * 1000);
  if (!DATE.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : clamp(atMs - nowMs);
}

function clamp(delayMs: number): number {
  return Math.round(Math.min(MAX_RETRY_AFTER_MS, Math.max(0, delayMs)));
}
