import { Client } from 'undici';
import type { Dispatcher } from 'undici';
import { ProviderError } from '../core/errors.ts';
import type { FetchedMedia, FetchMediaOptions, MediaFetcher } from '../core/media.ts';
import { startDeadline } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { toReason } from './error-reason.ts';
import { createGuardedConnector, PRIVATE_ADDRESS_CODE } from './guarded-connector.ts';
import { refuseFetch, refuseRedirect } from './host-guard.ts';
import { toShownUrl } from './redaction.ts';
import { parseRetryAfter } from './retry-after.ts';

const MAX_REDIRECTS = 3;
const CONNECT_TIMEOUT_MS = 10_000;
/** Longest silence within a body. */
const IDLE_TIMEOUT_MS = 30_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const GONE: ReadonlySet<number> = new Set([403, 404, 410]);

/**
 * Fetches result URLs, which are hostile until proved otherwise: no credentials, no cookies, every hop and every
 * address checked, raw bytes only.
 *
 * A body that ends before its announced length is `provider.unavailable`: a cut connection looks the same, and a paid
 * result deserves another try. A body that announces no length is delivered as it came; only looking at the file
 * tells whether it is whole.
 */
export function createMediaFetcher(): MediaFetcher {
  return {
    fetch: async (url, options, sink) => {
      const deadline = startDeadline(options.timeoutMs, options.signal);
      try {
        return await fetchHop(checkUrl(url, undefined, options), MAX_REDIRECTS, {
          options,
          deadline,
          sink,
        });
      } finally {
        deadline.close();
      }
    },
  };
}

interface Transfer {
  readonly options: FetchMediaOptions;
  readonly deadline: Deadline;
  readonly sink: (bytes: Uint8Array) => Promise<void>;
}

async function fetchHop(
  url: URL,
  redirectsLeft: number,
  transfer: Transfer,
): Promise<FetchedMedia> {
  const { options, deadline } = transfer;
  const connect = createGuardedConnector(options, CONNECT_TIMEOUT_MS);
  const client = new Client(url.origin, { connect, allowH2: false });
  try {
    const reply = await client
      .request({
        method: 'GET',
        path: url.pathname + url.search,
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'pollux' },
        signal: deadline.signal,
        headersTimeout: options.timeoutMs,
        bodyTimeout: IDLE_TIMEOUT_MS,
      })
      .catch((error: unknown) => rejectCut(url, error, transfer));
    if (!REDIRECTS.has(reply.statusCode)) return await receive(url, reply, transfer);
    if (redirectsLeft === 0) throw forbidden(url, `it redirects more than ${MAX_REDIRECTS} times`);
    const next = checkUrl(headerOf(reply, 'location') ?? '', url, options);
    return await fetchHop(next, redirectsLeft - 1, transfer);
  } finally {
    await client.destroy();
  }
}

function checkUrl(text: string, from: URL | undefined, options: FetchMediaOptions): URL {
  const base = from?.href;
  if (!URL.canParse(text, base)) {
    throw new ProviderError('provider.output_forbidden', 'the result URL is not a URL', {
      details: { rule: 'it is not a URL' },
    });
  }
  const url = new URL(text, base);
  const rule = from === undefined ? refuseFetch(url, options) : refuseRedirect(from, url, options);
  if (rule !== undefined) throw forbidden(url, rule);
  return url;
}

async function receive(
  url: URL,
  reply: Dispatcher.ResponseData,
  transfer: Transfer,
): Promise<FetchedMedia> {
  checkStatus(url, reply);
  const { maxBytes } = transfer.options;
  const encoding = headerOf(reply, 'content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw invalid(url, 'content_encoding');
  if (Number(headerOf(reply, 'content-length') ?? 0) > maxBytes) throw invalid(url, 'too_large');
  let sizeBytes = 0;
  for await (const bytes of readChunks(url, reply, transfer)) {
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) throw invalid(url, 'too_large');
    await transfer.sink(bytes);
  }
  return { sizeBytes, contentType: headerOf(reply, 'content-type') };
}

/** Only errors of the network pass through here; what the sink throws reaches the caller as it is. */
async function* readChunks(
  url: URL,
  reply: Dispatcher.ResponseData,
  transfer: Transfer,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of reply.body) yield chunk as Uint8Array;
  } catch (error) {
    rejectCut(url, error, transfer);
  }
}

function checkStatus(url: URL, reply: Dispatcher.ResponseData): void {
  const status = reply.statusCode;
  if (status === 200) return;
  const details = { url: toShownUrl(url), status };
  if (GONE.has(status)) {
    throw new ProviderError(
      'provider.output_expired',
      `${details.url} answered ${status}: the result URL is dead; read the task once more for a new one`,
      { details },
    );
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(headerOf(reply, 'retry-after'), Date.now());
    throw new ProviderError(
      'provider.unavailable',
      `${details.url} answered ${status}: the download is tried again`,
      { details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    );
  }
  throw invalid(url, `http_${status}`);
}

function rejectCut(url: URL, error: unknown, transfer: Transfer): never {
  transfer.options.signal.throwIfAborted();
  const reason = toReason(error);
  if (reason === PRIVATE_ADDRESS_CODE)
    throw forbidden(url, 'its host is or resolves to a private address');
  const cause = transfer.deadline.cause() ?? reason;
  throw new ProviderError(
    'provider.unavailable',
    `${toShownUrl(url)} could not be read to its end (${cause}): the download is tried again`,
    { details: { url: toShownUrl(url), cause }, cause: error },
  );
}

function forbidden(url: URL, rule: string): ProviderError {
  return new ProviderError(
    'provider.output_forbidden',
    `the result URL ${toShownUrl(url)} is not fetched: ${rule}; for a private host set allowPrivateHosts`,
    { details: { url: toShownUrl(url), rule } },
  );
}

function invalid(url: URL, found: string): ProviderError {
  return new ProviderError(
    'provider.output_invalid',
    `${toShownUrl(url)} is not the media that was promised (${found})`,
    { details: { url: toShownUrl(url), found } },
  );
}

function headerOf(reply: Dispatcher.ResponseData, name: string): string | undefined {
  const value = reply.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
