import { hideEchoes } from '../core/echoes.ts';

/** Stands where a secret was. */
export const HIDDEN = '[secret]';
const BEARER = /\bbearer\s+[^\s"',;]+/gi;
const KEY_LIKE = /\bsk-[A-Za-z0-9_-]{6,}/g;
const URL_QUERY = /(https?:\/\/[^\s"'<>?#]+)[?#][^\s"'<>]*/gi;
const URL_USER = /(https?:\/\/)[^\s"'<>/@]+@/gi;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
const SHOWN_TEXT_LENGTH = 300;
/** As much of a text as is looked at for echoes, which shorten it. */
const READ_TEXT_LENGTH = 1_500;

/** Removes known secrets and everything that looks like a credential. Keeps the text readable otherwise. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret.length > 0);
  const cleaned = known.reduce((rest, secret) => rest.split(secret).join(HIDDEN), text);
  return cleaned.replace(BEARER, HIDDEN).replace(KEY_LIKE, HIDDEN);
}

/**
 * A provider's own words, fit for a message or a log line: no secret, no URL beyond its path (queries carry
 * signatures), one line, at most 300 characters. `secrets` may hold the prompt, which providers like to echo in part.
 */
export function toShownText(text: string, secrets: readonly string[]): string {
  const shown = hideEchoes(hideSecrets(text, secrets).slice(0, READ_TEXT_LENGTH), secrets)
    .replace(URL_USER, '$1')
    .replace(URL_QUERY, '$1')
    .replace(CONTROL, ' ')
    .trim();
  return shown.length > SHOWN_TEXT_LENGTH ? `${shown.slice(0, SHOWN_TEXT_LENGTH)}…` : shown;
}

/** Origin and path of a URL: all of it that may be shown or logged. */
export function toShownUrl(url: URL): string {
  return url.origin + url.pathname;
}
