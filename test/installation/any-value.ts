/** Values that a test does not know before, as matchers that have a type. */
export const ANY_TEXT: unknown = expect.any(String);
export const ANY_NUMBER: unknown = expect.any(Number);
/** ISO 8601 with milliseconds, in UTC. */
export const ANY_TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
/** Hex. */
export const ANY_SHA256: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
