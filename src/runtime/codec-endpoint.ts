import type { Payload, PayloadCodec } from '@temporalio/common';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isMediaJobError } from '../core/errors.ts';

export interface CodecEndpointOptions {
  readonly codec: PayloadCodec;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Origins of the Temporal UIs whose pages may ask, such as `http://127.0.0.1:8233`. */
  readonly origins: readonly string[];
}

export interface CodecEndpoint {
  /** `http://host:port`, as the UI and the `temporal` command take it. */
  readonly url: string;
  /** True: no other machine can reach it. */
  readonly isPrivate: boolean;
  close(): Promise<void>;
}

/** Longer than what one page of the UI shows, and far longer than what Temporal takes in one message. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
/** Seconds that a browser remembers what a page may do. */
const PREFLIGHT_SECONDS = '600';
const LOOPBACK_NAMES = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

/** A payload as protobuf's JSON writes it: bytes are base64, and `null` stands for a member's default. */
interface PayloadJson {
  readonly metadata?: Readonly<Record<string, string | null>> | null;
  readonly data?: string | null;
}

interface PayloadsJson {
  readonly payloads: readonly PayloadJson[];
}

const BASE64 = { type: ['string', 'null'], pattern: '^[A-Za-z0-9+/_-]*={0,2}$' } as const;

/** Temporal's remote codec format. Members that later releases add are ignored. */
const BODY_SCHEMA = {
  type: 'object',
  required: ['payloads'],
  properties: {
    payloads: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          metadata: { type: ['object', 'null'], additionalProperties: BASE64 },
          data: BASE64,
        },
      },
    },
  },
} as const;

/**
 * Serves `POST /encode` and `POST /decode` in Temporal's remote codec format, so that its UI and its command line can show
 * and write encrypted payloads. Pages of other origins are refused, and on loopback so is every other name of this host:
 * a page that resolves its own name to this machine must not read payloads.
 *
 * Rejects with the node error where the port is taken.
 */
export async function startCodecEndpoint(options: CodecEndpointOptions): Promise<CodecEndpoint> {
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    logger: false,
  });
  server.addHook('onRequest', async (request, reply) => {
    const refusal = refusalOf(request, options);
    if (refusal !== undefined) return reply.code(403).send({ message: refusal });
    void reply.headers(crossOriginHeaders(request));
    return undefined;
  });
  server.setErrorHandler(async (error: unknown, _request, reply) => {
    const { status, message } = toAnswer(error);
    return reply.code(status).send({ message });
  });
  addRoute(server, '/encode', (payloads) => options.codec.encode(payloads));
  addRoute(server, '/decode', (payloads) => options.codec.decode(payloads));
  const url = await server.listen({ host: options.host, port: options.port });
  return { url, isPrivate: isLoopback(options.host), close: () => server.close() };
}

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.test(host) || host === '::1';
}

function addRoute(
  server: FastifyInstance,
  url: string,
  transform: (payloads: Payload[]) => Promise<Payload[]>,
): void {
  server.options(url, async (_request, reply) => reply.code(204).send());
  server.post<{ Body: PayloadsJson }>(url, { schema: { body: BODY_SCHEMA } }, async (request) => {
    const payloads = await transform(request.body.payloads.map(fromJson));
    return { payloads: payloads.map(toJson) };
  });
}

/** A browser names the page's origin; other programs name none, and are let in. */
function refusalOf(
  { headers }: FastifyRequest,
  { host, origins }: CodecEndpointOptions,
): string | undefined {
  if (isLoopback(host) && !LOOPBACK_NAMES.test(headers.host ?? '')) {
    return 'this endpoint answers under loopback addresses only';
  }
  const { origin } = headers;
  return origin === undefined || origins.includes(origin)
    ? undefined
    : `pages of ${origin} may not ask; --origin names the address of the Temporal UI`;
}

function crossOriginHeaders({ headers }: FastifyRequest): Readonly<Record<string, string>> {
  if (headers.origin === undefined) return { vary: 'origin' };
  return {
    vary: 'origin',
    'access-control-allow-origin': headers.origin,
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'content-type, x-namespace, authorization',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': PREFLIGHT_SECONDS,
  };
}

/** A payload that cannot be decrypted is the request's fault; what fastify refuses tells its own status. */
function toAnswer(error: unknown): { status: number; message: string } {
  if (isMediaJobError(error)) return { status: 400, message: error.message };
  const status =
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
      ? error.statusCode
      : 500;
  const isOurs = status >= 500 || !(error instanceof Error);
  return { status, message: isOurs ? 'the payloads could not be converted' : error.message };
}

function fromJson({ metadata, data }: PayloadJson): Payload {
  const entries = Object.entries(metadata ?? {});
  return {
    metadata: Object.fromEntries(entries.map(([name, value]) => [name, fromBase64(value)])),
    data: fromBase64(data),
  };
}

function toJson({ metadata, data }: Payload): PayloadJson {
  const entries = Object.entries(metadata ?? {});
  return {
    metadata: Object.fromEntries(entries.map(([name, value]) => [name, toBase64(value)])),
    data: toBase64(data),
  };
}

function fromBase64(text: string | null | undefined): Uint8Array {
  return Buffer.from(text ?? '', 'base64');
}

function toBase64(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? new Uint8Array()).toString('base64');
}
