import assert from 'node:assert/strict';

/** Compares JSON-plain values by what they hold, so that a test runner's own realms play no part. */
export function equalValues(actual: unknown, expected: unknown): void {
  assert.deepEqual(toPlain(actual), toPlain(expected));
}

function toPlain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
