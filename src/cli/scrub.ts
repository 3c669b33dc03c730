/**
 * Last resort against secrets in text that is about to be printed: bearer tokens, keys that start with `sk-`, and
 * query strings, which may be signatures. Nothing should need it.
 */
export function scrub(text: string): string {
  return text
    .replace(/\bBearer\s+[^\s"',]+/gi, 'Bearer [secret]')
    .replace(/\bsk-[A-Za-z0-9_-]{6,}/g, '[secret]')
    .replace(/(\bhttps?:\/\/[^\s"'?]+)\?[^\s"']*/g, '$1?[query]');
}
