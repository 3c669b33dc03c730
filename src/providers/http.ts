import { Agent, Client } from 'undici';
import type { Dispatcher } from 'undici';
import type { JsonObject } from '../core/json.ts';
import type { Secret } from '../core/secret.ts';
import { toHeaders } from './call-headers.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { startDeadline } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { toReason } from './error-reason.ts';
import { createGuardedConnector } from './guarded-connector.ts';
import type { HostRules } from './host-guard.ts';
import { refuseSending } from './last-check.ts';
import { watchSending } from './sent-proof.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_RESPONSE_BYTES = 1_048_576;

/** How a call ended. A value, whatever the network did. */
export type HttpResult = HttpResponse | HttpNotSent | HttpLost;

/** A whole answer came. */
export interface HttpResponse {
  readonly kind: 'response';
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Proved: no byte of the request left. */
export interface HttpNotSent {
  readonly kind: 'not_sent';
  readonly reason: string;
}

/** The request may have arrived, and no whole answer came. */
export interface HttpLost {
  readonly kind: 'lost';
  readonly reason: string;
  /** An answer came that is longer than an answer may be. */
  readonly isTooLong?: true;
  /** What came of the answer before it broke. */
  readonly partial?: Omit<HttpResponse, 'kind'>;
}

export interface HttpCall {
  readonly url: URL;
  readonly apiKey: Secret;
  /** Milliseconds in all, connecting and reading the body included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpSubmit extends HttpCall {
  readonly body: JsonObject;
  /**
   * Runs once the body is serialised and the connection stands, right before the first byte. `false`, a throw, or no
   * answer in time mean: send nothing.
   */
  readonly lastCheck: () => Promise<boolean>;
}

/** The only HTTP client of the adapters. Follows no redirect, repeats nothing, reads no proxy settings. */
export interface HttpClient {
  /** One POST on a fresh connection, so that no stale socket can make its fate doubtful. */
  post(request: HttpSubmit): Promise<HttpResult>;
  /** One call that is harmless to repeat, on a pooled connection. Rethrows the reason of an aborted `signal`. */
  call(method: 'GET' | 'POST', request: HttpCall): Promise<HttpResult>;
}

export interface HttpClientOptions extends HostRules {
  /** A longer answer is cut and counts as lost. Default 1 MiB. */
  readonly maxResponseBytes?: number;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const maxBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
  const connect = createGuardedConnector(options, CONNECT_TIMEOUT_MS);
  const pool = new Agent({ connect, allowH2: false });

  return {
    post: async (request) => {
      const deadline = startDeadline(request.timeoutMs, request.signal);
      try {
        const ready = await makeReady(request, options, deadline);
        if (ready.kind === 'not_sent') return ready;
        try {
          const refusal = await refuseSending(request.lastCheck, deadline);
          const reason = refusal ?? ready.connection.breakage();
          if (reason !== undefined) return { kind: 'not_sent', reason };
          return await send(ready, request, maxBytes, deadline);
        } finally {
          ready.connection.close();
        }
      } finally {
        deadline.close();
      }
    },

    call: async (method, request) => {
      request.signal.throwIfAborted();
      const deadline = startDeadline(request.timeoutMs, request.signal);
      try {
        const headers = toHeaders(request.apiKey);
        const { origin } = request.url;
        const reply = await pool.request({
          ...toRequest(method, request, headers, deadline),
          origin,
        });
        return await readReply(reply, maxBytes, deadline);
      } catch (error) {
        request.signal.throwIfAborted();
        return { kind: 'lost', reason: deadline.cause() ?? toReason(error) };
      } finally {
        deadline.close();
      }
    },
  };
}

/** All that a POST needs, short of its permission. */
interface ReadyToSend {
  readonly kind: 'ready';
  readonly connection: Connection;
  readonly options: Dispatcher.RequestOptions;
}

async function makeReady(
  request: HttpSubmit,
  rules: HostRules,
  deadline: Deadline,
): Promise<ReadyToSend | HttpNotSent> {
  try {
    const headers = { ...toHeaders(request.apiKey), 'content-type': 'application/json' };
    const body = JSON.stringify(request.body);
    const options = { ...toRequest('POST', request, headers, deadline), body, reset: true };
    const { signal } = deadline;
    const timeoutMs = CONNECT_TIMEOUT_MS;
    const connection = await openConnection(request.url, rules, { timeoutMs, signal });
    return { kind: 'ready', connection, options };
  } catch (error) {
    return { kind: 'not_sent', reason: deadline.cause() ?? toReason(error) };
  }
}

/** The client is made for this request and writes it at once: nothing is waited for between the check and the wire. */
async function send(
  { connection, options }: ReadyToSend,
  { url }: HttpSubmit,
  maxBytes: number,
  deadline: Deadline,
): Promise<HttpResult> {
  const client = new Client(url.origin, { connect: connection.connector, allowH2: false });
  const watch = watchSending();
  try {
    const reply = await watch.create(() => client.request(options));
    watch.replied();
    return await readReply(reply, maxBytes, deadline);
  } catch (error) {
    const reason = deadline.cause() ?? toReason(error);
    return { kind: watch.mayHaveBeenSent() ? 'lost' : 'not_sent', reason };
  } finally {
    watch.close();
    await client.destroy();
  }
}

function toRequest(
  method: 'GET' | 'POST',
  call: HttpCall,
  headers: Record<string, string>,
  deadline: Deadline,
): Dispatcher.RequestOptions {
  return {
    method,
    path: call.url.pathname + call.url.search,
    headers,
    signal: deadline.signal,
    headersTimeout: call.timeoutMs,
    bodyTimeout: call.timeoutMs,
  };
}

async function readReply(
  reply: Dispatcher.ResponseData,
  maxBytes: number,
  deadline: Deadline,
): Promise<HttpResult> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const soFar = (): Omit<HttpResponse, 'kind'> => ({
    status: reply.statusCode,
    headers: toHeaderMap(reply.headers),
    body: Buffer.concat(chunks).toString('utf8'),
  });
  try {
    for await (const chunk of reply.body) {
      const bytes = chunk as Uint8Array;
      sizeBytes += bytes.length;
      if (sizeBytes > maxBytes) {
        const reason = `the answer is longer than ${maxBytes} bytes`;
        return { kind: 'lost', reason, isTooLong: true, partial: soFar() };
      }
      chunks.push(bytes);
    }
    return { kind: 'response', ...soFar() };
  } catch (error) {
    return { kind: 'lost', reason: deadline.cause() ?? toReason(error), partial: soFar() };
  }
}

function toHeaderMap(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}
