import type { IncomingMessage } from 'node:http';
import type {
  BodyPosition,
  BodyStart,
  FetchedMedia,
  FetchMediaOptions,
  MediaFetcher,
  MediaReceiver,
} from '../core/media.ts';
import { readStrongTag } from './byte-range.ts';
import { startDeadline } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { toReason } from './error-reason.ts';
import type { Exchange } from './fetch-exchange.ts';
import { startExchange } from './fetch-exchange.ts';
import { cutShort, forbidden, invalid, notAUrl } from './fetch-errors.ts';
import type { FetchPatience } from './fetch-pace.ts';
import { keepPace, TooSlow, USUAL_PATIENCE } from './fetch-pace.ts';
import { headerOf, readHead } from './fetch-reply.ts';
import { createGuardedConnector, RefusedConnection } from './guarded-connector.ts';
import { refuseFetch, refuseRedirect } from './host-guard.ts';

const MAX_REDIRECTS = 3;
/** Read ahead of the receiver, a few of its writes: the network goes on while it works. */
const READ_AHEAD_BYTES = 512 * 1024;
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'pollux' };
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface MediaFetcherOptions {
  /** Default: {@link USUAL_PATIENCE}. */
  readonly patience?: FetchPatience;
  /** Makes the connector of every hop. Default: the guarded one. */
  readonly createConnector?: typeof createGuardedConnector;
}

/**
 * Fetches result URLs, which are hostile until proved otherwise: no credentials, no cookies, no proxy, every hop and every
 * address checked, raw bytes only, no body held in memory.
 *
 * A body that ends before its announced length is `provider.unavailable`: a cut connection looks the same, and a paid
 * result deserves another try. What follows the announced length is not read. A body that announces no length is delivered
 * as it came; only looking at the file tells whether it is whole.
 */
export function createMediaFetcher({
  patience = USUAL_PATIENCE,
  createConnector = createGuardedConnector,
}: MediaFetcherOptions = {}): MediaFetcher {
  return {
    fetch: async (url, options, receiver) => {
      const deadline = startDeadline(options.timeoutMs, options.signal);
      const transfer = { options, deadline, receiver, patience, createConnector };
      try {
        return await fetchAll(checkUrl(url, undefined, options), transfer);
      } finally {
        deadline.close();
      }
    },
  };
}

interface Transfer {
  readonly options: FetchMediaOptions;
  readonly deadline: Deadline;
  readonly receiver: MediaReceiver;
  readonly patience: FetchPatience;
  readonly createConnector: typeof createGuardedConnector;
}

/** A body that was received, or where to ask next. */
type HopOutcome = { readonly media: FetchedMedia } | { readonly redirectsTo: URL } | 'ask_again';

async function fetchAll(first: URL, transfer: Transfer): Promise<FetchedMedia> {
  let url = first;
  let redirects = 0;
  let resume = transfer.options.resume;
  for (;;) {
    const outcome = await fetchHop(url, toRest(url, resume, transfer.options), transfer);
    if (outcome === 'ask_again') {
      resume = undefined;
      continue;
    }
    if ('media' in outcome) return outcome.media;
    if (redirects === MAX_REDIRECTS) {
      throw forbidden(url, `it redirects more than ${MAX_REDIRECTS} times`);
    }
    redirects += 1;
    url = outcome.redirectsTo;
  }
}

async function fetchHop(
  url: URL,
  rest: BodyPosition | undefined,
  transfer: Transfer,
): Promise<HopOutcome> {
  const exchange = await ask(url, rest, transfer);
  const { reply } = exchange;
  try {
    if (REDIRECTS.has(reply.statusCode ?? 0)) {
      const location = headerOf(reply, 'location') ?? '';
      return { redirectsTo: checkUrl(location, url, transfer.options) };
    }
    const start = readHead(url, reply, rest);
    if (start === undefined) return 'ask_again';
    const sizeBytes = await receive(url, reply, start, transfer);
    return { media: { sizeBytes, contentType: headerOf(reply, 'content-type') } };
  } finally {
    exchange.close();
  }
}

/** What may be asked of this host: another host's tag says nothing about its bytes. */
function toRest(
  url: URL,
  resume: BodyPosition | undefined,
  { maxBytes }: FetchMediaOptions,
): BodyPosition | undefined {
  if (resume === undefined || resume.origin !== url.origin) return undefined;
  const isUsable = resume.offset > 0 && resume.offset < maxBytes;
  return isUsable && readStrongTag(resume.entityTag) !== undefined ? resume : undefined;
}

async function ask(
  url: URL,
  rest: BodyPosition | undefined,
  transfer: Transfer,
): Promise<Exchange> {
  const { options, patience, createConnector } = transfer;
  const { signal } = transfer.deadline;
  const range =
    rest === undefined ? {} : { range: `bytes=${rest.offset}-`, 'if-range': rest.entityTag };
  try {
    const connector = createConnector(options, patience.connectMs, {
      signal,
      readAheadBytes: READ_AHEAD_BYTES,
    });
    const headers = { ...HEADERS, ...range };
    return await startExchange(url, headers, { connector, headMs: patience.headMs, signal });
  } catch (error) {
    return rejectCut(url, error, transfer);
  }
}

function checkUrl(text: string, from: URL | undefined, options: FetchMediaOptions): URL {
  const base = from?.href;
  if (!URL.canParse(text, base)) throw notAUrl();
  const url = new URL(text, base);
  const rule = from === undefined ? refuseFetch(url, options) : refuseRedirect(from, url, options);
  if (rule !== undefined) throw forbidden(url, rule);
  return url;
}

/** Resolves to the length of the whole file. */
async function receive(
  url: URL,
  reply: IncomingMessage,
  start: BodyStart,
  transfer: Transfer,
): Promise<number> {
  const { maxBytes } = transfer.options;
  const { sizeBytes = Infinity } = start;
  if (start.sizeBytes !== undefined && start.sizeBytes > maxBytes) throw invalid(url, 'too_large');
  await transfer.receiver.begin(start);
  let position = start.offset;
  for await (const bytes of readChunks(url, reply, transfer)) {
    position += bytes.length;
    if (position > maxBytes) throw invalid(url, 'too_large');
    if (position > sizeBytes) throw invalid(url, 'longer_than_announced');
    await transfer.receiver.write(bytes);
  }
  if (start.sizeBytes !== undefined && position < start.sizeBytes) {
    throw cutShort(url, `${position} of ${start.sizeBytes} bytes came`);
  }
  return position;
}

/** Only errors of the network pass through here; what the receiver throws reaches the caller as it is. */
async function* readChunks(
  url: URL,
  reply: IncomingMessage,
  transfer: Transfer,
): AsyncGenerator<Uint8Array> {
  try {
    yield* keepPace(reply, transfer.patience);
  } catch (error) {
    rejectCut(url, error, transfer);
  }
}

function rejectCut(url: URL, error: unknown, transfer: Transfer): never {
  transfer.options.signal.throwIfAborted();
  if (error instanceof RefusedConnection) throw forbidden(url, error.rule);
  const slowness = error instanceof TooSlow ? error.message : undefined;
  throw cutShort(url, slowness ?? transfer.deadline.cause() ?? toReason(error), error);
}
