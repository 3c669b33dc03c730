import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MAX_CALLBACK_BYTES } from '../core/callbacks.ts';
import type { CallbackTarget } from '../core/callbacks.ts';
import { createAdmission } from './admission.ts';
import type { CallbackTally } from './counts.ts';
import type { ReceiverLimits, ReceiverOptions } from './receiver-options.ts';
import type { Receive } from './reception.ts';
import { createReception } from './reception.ts';

export interface CallbackServerOptions extends ReceiverOptions {
  readonly limits: ReceiverLimits;
  readonly tally: CallbackTally;
  /** True: no connection is kept for another request. */
  readonly isClosing: () => boolean;
}

const HEALTH = '/health';
const TARGET = 'callbackTarget';
const JSON_TYPE = /^application\/(?:[\w!#$&^.+-]+\+)?json[ \t]*(?:;|$)/i;

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_HEADERS = 64;
const MAX_CONNECTIONS = 2_000;
const KEEP_ALIVE_MS = 30_000;
/** How often node looks for requests that take too long. */
const CONNECTIONS_CHECK_MS = 1_000;
const RETRY_UNAVAILABLE_MS = 5_000;

/** The receiver's HTTP, bound to its ports. It listens when it is told to. `config.invalid` for secrets that cannot be used. */
export function createCallbackServer(options: CallbackServerOptions): FastifyInstance {
  const { limits, tally, logger } = options;
  const server = openServer(limits, new URL(options.publicUrl).pathname);
  const admission = createAdmission({ ...options, ...limits });
  const receive = createReception({ ...options, ...limits });

  server.decorateRequest(TARGET, undefined);
  server.addHook('onRequest', async (request, reply) => {
    const waitMs = admission.waitMs(request.ip);
    if (waitMs > 0) return answer(reply, 429, waitMs);
    const [path = ''] = request.url.split('?', 1);
    if (request.method === 'GET' && path === HEALTH) return undefined;
    const isPost = request.method === 'POST';
    const target = isPost ? admission.targetOf(path, request.ip) : undefined;
    if (target === undefined) return answer(reply, 404);
    request.setDecorator(TARGET, target);
    return undefined;
  });
  server.addHook('onSend', async (request, reply) => {
    const isLeft = reply.statusCode >= 400 && isLong(request);
    if (isLeft || options.isClosing()) void reply.header('connection', 'close');
  });
  server.get(HEALTH, async () => ({ healthy: true }));
  server.post('/*', async (request, reply) => answerCallback(request, reply, receive));
  server.setErrorHandler(async (error: unknown, _request, reply) => {
    const status = statusOf(error);
    tally.count('refused');
    if (status >= 500) logger.error('a callback met a defect', { reason: String(error) });
    return answer(reply, status);
  });
  return server;
}

function openServer({ requestTimeoutMs }: ReceiverLimits, publicPath: string): FastifyInstance {
  const prefix = publicPath.replace(/\/+$/, '');
  const server = fastify({
    logger: false,
    bodyLimit: MAX_CALLBACK_BYTES,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs + CONNECTIONS_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    rewriteUrl: ({ url = '' }) => (url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url),
    http: {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    frameworkErrors: (_error, _request, reply) => void answer(reply, 404),
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.server.maxHeadersCount = MAX_HEADERS;
  server.removeAllContentTypeParsers();
  // The signature is over the bytes, and a body that is no JSON wakes, too.
  server.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  return server;
}

async function answerCallback(
  request: FastifyRequest,
  reply: FastifyReply,
  receive: Receive,
): Promise<unknown> {
  const { headers, body: rawBody } = request;
  if (!Buffer.isBuffer(rawBody)) return answer(reply, 415);
  const target = request.getDecorator<CallbackTarget>(TARGET);
  const delivery = await receive({ target, headers, rawBody });
  switch (delivery.outcome) {
    case 'accepted':
    case 'duplicate':
    case 'no_workflow':
      return answer(reply, 202);
    case 'unsigned':
      return answer(reply, 401);
    case 'limited':
      return answer(reply, 429, delivery.retryAfterMs);
    case 'unavailable':
      return answer(reply, 503, RETRY_UNAVAILABLE_MS);
  }
}

const MESSAGES: Readonly<Record<number, string>> = {
  202: 'accepted',
  401: 'the signature is wrong or old',
  404: 'not found',
  413: 'the body is too large',
  415: 'the body must be JSON',
  429: 'too many requests',
  503: 'try again later',
};

async function answer(
  reply: FastifyReply,
  status: number,
  retryAfterMs?: number,
): Promise<FastifyReply> {
  if (retryAfterMs !== undefined) {
    void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  }
  return reply.code(status).send({ message: MESSAGES[status] ?? 'refused' });
}

/** True for a body that is better ended with its connection than read for nothing. */
function isLong({ headers }: FastifyRequest): boolean {
  const length = Number(headers['content-length'] ?? 0);
  return headers['transfer-encoding'] !== undefined || length > MAX_CALLBACK_BYTES;
}

/** What fastify refuses tells its own status; everything else is a defect of ours. */
function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
      ? error.statusCode
      : 500;
  return status >= 400 ? status : 500;
}
