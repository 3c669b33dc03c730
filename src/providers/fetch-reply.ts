import type { IncomingMessage } from 'node:http';
import type { BodyPosition, BodyStart } from '../core/media.ts';
import { readRestOfFile, readStrongTag } from './byte-range.ts';
import { expired, invalid, refusedForNow } from './fetch-errors.ts';
import { parseRetryAfter } from './retry-after.ts';

const GONE: ReadonlySet<number> = new Set([403, 404, 410]);
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** What the head of an answer says about the body that follows; `undefined`: ask again, for the whole file. */
export function readHead(
  url: URL,
  reply: IncomingMessage,
  asked: BodyPosition | undefined,
): BodyStart | undefined {
  const isRest = reply.statusCode === 206 && asked !== undefined;
  if (asked !== undefined && reply.statusCode === 416) return undefined;
  if (!isRest) checkStatus(url, reply);
  const encoding = headerOf(reply, 'content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw invalid(url, 'content_encoding');
  return isRest ? readRest(url, reply, asked) : readWhole(url, reply);
}

/** The value of a header; the first where it came several times. */
export function headerOf(reply: IncomingMessage, name: string): string | undefined {
  const value = reply.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function readWhole(url: URL, reply: IncomingMessage): BodyStart {
  const length = headerOf(reply, 'content-length');
  const isResumable = headerOf(reply, 'accept-ranges')?.toLowerCase() !== 'none';
  return {
    offset: 0,
    sizeBytes: length === undefined ? undefined : Number(length),
    origin: url.origin,
    entityTag: isResumable ? readStrongTag(headerOf(reply, 'etag')) : undefined,
  };
}

/** A rest is taken only where it provably continues what is here: same tag, same place, up to a known end. */
function readRest(url: URL, reply: IncomingMessage, asked: BodyPosition): BodyStart | undefined {
  const entityTag = readStrongTag(headerOf(reply, 'etag'));
  const rest = readRestOfFile(headerOf(reply, 'content-range'));
  const isMultipart = (headerOf(reply, 'content-type') ?? '').startsWith('multipart/');
  const isContinued = rest?.offset === asked.offset && entityTag === asked.entityTag;
  return isContinued && !isMultipart ? { ...rest, origin: url.origin, entityTag } : undefined;
}

function checkStatus(url: URL, reply: IncomingMessage): void {
  const status = reply.statusCode ?? 0;
  if (status === 200) return;
  if (GONE.has(status)) throw expired(url, status);
  if (PASSING.has(status) || status >= 500) {
    const retryAfterMs = parseRetryAfter(headerOf(reply, 'retry-after'), Date.now());
    throw refusedForNow(url, status, retryAfterMs);
  }
  throw invalid(url, `http_${status}`);
}
