import { ProviderError } from '../core/errors.ts';
import { toShownUrl } from './redaction.ts';

/** The fetch rules refuse a URL. `rule` is a sentence part. */
export function forbidden(url: URL, rule: string): ProviderError {
  return new ProviderError(
    'provider.output_forbidden',
    `the result URL ${toShownUrl(url)} is not fetched: ${rule}; for a private host set allowPrivateHosts`,
    { details: { url: toShownUrl(url), rule } },
  );
}

/** A result URL that cannot be read as one, and is not shown for that reason. */
export function notAUrl(): ProviderError {
  return new ProviderError('provider.output_forbidden', 'the result URL is not a URL', {
    details: { rule: 'it is not a URL' },
  });
}

/** What was served cannot be the media. `found` is a word for what is there instead. */
export function invalid(url: URL, found: string): ProviderError {
  return new ProviderError(
    'provider.output_invalid',
    `${toShownUrl(url)} is not the media that was promised (${found})`,
    { details: { url: toShownUrl(url), found } },
  );
}

/** The URL is dead. */
export function expired(url: URL, status: number): ProviderError {
  const details = { url: toShownUrl(url), status };
  return new ProviderError(
    'provider.output_expired',
    `${details.url} answered ${status}: the result URL is dead; read the task once more for a new one`,
    { details },
  );
}

/** The host says that it cannot serve now. */
export function refusedForNow(
  url: URL,
  status: number,
  retryAfterMs: number | undefined,
): ProviderError {
  const details = { url: toShownUrl(url), status, cause: `status ${status}` };
  return new ProviderError(
    'provider.unavailable',
    `${details.url} answered ${status}: the download is tried again`,
    { details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  );
}

/** The body did not come to its end. `cause` is a code or a sentence part. */
export function cutShort(url: URL, cause: string, error?: unknown): ProviderError {
  return new ProviderError(
    'provider.unavailable',
    `${toShownUrl(url)} could not be read to its end (${cause}): the download is tried again`,
    {
      details: { url: toShownUrl(url), cause },
      ...(error === undefined ? {} : { cause: error }),
    },
  );
}
