import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { TooSlow } from './fetch-pace.ts';
import { openSocket } from './guarded-connector.ts';

export interface ExchangeOptions {
  readonly connector: buildConnector.connector;
  /** For the head of the answer, in milliseconds. */
  readonly headMs: number;
  /** Ends the exchange, in whatever state it is. */
  readonly signal: AbortSignal;
}

/** One request on a connection of its own, and the head of its answer. */
export interface Exchange {
  readonly reply: IncomingMessage;
  /** Run twice: the second finds it closed. */
  close(): void;
}

/**
 * Sends a GET. Rejects with what the network or the rules for hosts say, and with {@link TooSlow}.
 *
 * `node:http` rather than undici: the parser of undici 7 throws beyond the reach of any caller, and so ends the process,
 * where a server closes the connection while the receiver of the body holds it back
 * (https://github.com/nodejs/undici/issues/5360, mended in undici 8, which wants Node 22). Neither unpacks a body, follows a
 * redirect or looks for a proxy.
 */
export async function startExchange(
  url: URL,
  headers: Readonly<Record<string, string>>,
  options: ExchangeOptions,
): Promise<Exchange> {
  const socket = await openSocket(url, options.connector);
  try {
    const reply = await ask(socket, url, headers, options);
    return {
      reply,
      close: () => {
        socket.destroy();
      },
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function ask(
  socket: Socket,
  url: URL,
  headers: Readonly<Record<string, string>>,
  { headMs, signal }: ExchangeOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      path: url.pathname + url.search,
      headers: { host: url.host, ...headers },
      signal,
    });
    const timer = setTimeout(() => {
      asked.destroy(new TooSlow(`no head within ${headMs} ms`));
    }, headMs);
    asked.on('response', (reply) => {
      clearTimeout(timer);
      // Whoever reads the body is told; nobody may read it yet, or any more.
      reply.on('error', () => undefined);
      resolve(reply);
    });
    asked.on('error', reject);
    asked.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection ended before an answer'));
    });
    asked.end();
  });
}
