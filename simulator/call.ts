import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

/** A request as the rooms of the simulator see it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty where none came; `undefined` where it was larger than 4 MiB. */
  readonly body: Buffer | undefined;
  /** As the caller addressed this server. */
  readonly origin: string;
}

/** What goes back: bytes with headers, after a delay, whole or cut off; or nothing at all. */
export type Answer =
  | { readonly kind: 'destroy' }
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
      readonly delayMs?: number;
      /** The socket is destroyed after so many bytes. */
      readonly truncateBytes?: number;
    };

export async function readCall(request: IncomingMessage, ownOrigin: string): Promise<Call> {
  const { host } = request.headers;
  const origin = host === undefined ? ownOrigin : `http://${host}`;
  const url = new URL(request.url ?? '/', ownOrigin);
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: await readBody(request),
    origin,
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  return sizeBytes <= LARGEST_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const isText = typeof body === 'string';
  return {
    kind: 'reply',
    status,
    headers: { 'content-type': isText ? 'text/plain' : 'application/json', ...headers },
    body: Buffer.from(isText ? body : JSON.stringify(body)),
  };
}

export function htmlAnswer(status: number): Answer {
  const page =
    '<!doctype html><html><head><title>Please wait</title></head><body>Checking your browser</body></html>';
  return {
    kind: 'reply',
    status,
    headers: { 'content-type': 'text/html' },
    body: Buffer.from(page),
  };
}
