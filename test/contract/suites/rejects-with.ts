import assert from 'node:assert/strict';

/** The call must be refused with this code of the error table. Returns the message, for what it must name. */
export async function rejectsWith(call: Promise<unknown>, code: string): Promise<string> {
  try {
    await call;
  } catch (error) {
    assert.ok(
      typeof error === 'object' && error !== null && 'code' in error,
      'an error with a code',
    );
    assert.equal(error.code, code);
    return 'message' in error ? String(error.message) : '';
  }
  assert.fail(`expected ${code}, but the call succeeded`);
}
