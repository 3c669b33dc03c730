/** Wall clock in milliseconds since 1970. Injected wherever an effect needs the time. */
export type Clock = () => number;

/** Milliseconds since 1970 as ISO 8601 with milliseconds. */
export function toIsoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
