import type { MediaRequest } from './job.ts';

const HIDDEN = '[private]';
/** A stretch as long as this does not stand in two texts by chance. Characters. */
const STRETCH = 12;

/** What nobody but its sender may read of a request: prompts, the query strings of its URLs, longer native fields. */
export function privateTextsOf(request: MediaRequest): readonly string[] {
  const { prompt, negativePrompt, imageUrls, videoUrl, extra } = request;
  const queries = textsIn([imageUrls, videoUrl]).map((url) => url.split('?').slice(1).join('?'));
  const native = textsIn(extra).filter((text) => text.length >= STRETCH);
  return [...textsIn([prompt, negativePrompt]), ...queries, ...native].filter(
    (text) => text !== '',
  );
}

/**
 * Hides what a provider repeats of private texts, whole or in part: every stretch of at least twelve characters that stands
 * in one of them, and a shorter one where it stands whole between other words. Case does not matter.
 */
export function hideEchoes(text: string, privateTexts: readonly string[]): string {
  const sources = privateTexts.map((source) => source.toLowerCase()).filter(Boolean);
  if (sources.length === 0) return text;
  const lower = text.toLowerCase();
  // Few letters change their length with their case; then places in the two texts cannot be compared.
  if (lower.length !== text.length) return HIDDEN;
  let shown = '';
  for (let at = 0; at < text.length;) {
    const length = Math.max(...sources.map((source) => echoAt(lower, at, source)));
    shown += length > 0 ? HIDDEN : text.charAt(at);
    at += Math.max(1, length);
  }
  return shown;
}

/** {@link hideEchoes} for every text inside a JSON-plain value. Names of members stay. */
export function hideEchoesIn<Value>(value: Value, privateTexts: readonly string[]): Value {
  const hide = (part: unknown): unknown => {
    if (typeof part === 'string') return hideEchoes(part, privateTexts);
    if (Array.isArray(part)) return part.map(hide);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, hide(member)]));
  };
  return hide(value) as Value;
}

/** How many characters of `text` from `at` on stand in `source`; 0 where they are too few to be an echo. */
function echoAt(text: string, at: number, source: string): number {
  if (source.length < STRETCH) return isWholeWord(text, at, source) ? source.length : 0;
  const isIn = (length: number): boolean =>
    at + length <= text.length && source.includes(text.slice(at, at + length));
  if (!isIn(STRETCH)) return 0;
  let length = STRETCH;
  while (isIn(length + 1)) length += 1;
  return length;
}

function isWholeWord(text: string, at: number, word: string): boolean {
  const isLetter = (character: string): boolean => /[\p{L}\p{N}]/u.test(character);
  return (
    text.startsWith(word, at) &&
    !isLetter(text.charAt(at - 1)) &&
    !isLetter(text.charAt(at + word.length))
  );
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
