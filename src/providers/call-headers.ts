import type { Secret } from '../core/secret.ts';

/** What HTTP lets a header value hold, short of spaces. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

class UnusableKey extends Error {
  readonly code: string = 'the API key cannot be read, or holds characters that no header may hold';

  constructor(cause?: unknown) {
    super('unusable API key', { cause });
    this.name = 'UnusableKey';
  }
}

/** The headers of every call. Throws an error with a code that says so where the key cannot stand in one. */
export function toHeaders(apiKey: Secret): Record<string, string> {
  let key: string;
  try {
    key = apiKey.reveal();
  } catch (error) {
    throw new UnusableKey(error);
  }
  if (!HEADER_SAFE.test(key)) throw new UnusableKey();
  return {
    authorization: `Bearer ${key}`,
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'pollux',
  };
}
