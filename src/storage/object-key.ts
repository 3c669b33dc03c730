import { RequestError } from '../core/errors.ts';

/** Folder of temporaries inside the root; no key can name it. */
export const TEMPORARY_FOLDER = '.tmp';

const SEGMENT = /^[A-Za-z0-9._-]{1,200}$/;
const RULE =
  'must be segments of 1 to 200 letters, digits, dots, underscores and hyphens, separated by "/", none of them "." or ".."';

export function isKey(text: string): boolean {
  const segments = text.split('/');
  return (
    segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..') &&
    segments[0] !== TEMPORARY_FOLDER
  );
}

/** The segments of a key. Throws `request.invalid` for a key that could leave the store or hide in it. */
export function splitKey(key: string): readonly string[] {
  if (isKey(key)) return key.split('/');
  throw new RequestError('request.invalid', `key (${JSON.stringify(key.slice(0, 120))}): ${RULE}`, {
    details: { issues: [{ field: 'key', rule: RULE }] },
  });
}
