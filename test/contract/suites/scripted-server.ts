import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the server does with every request, until it is told otherwise. */
export type Answer =
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Sends the head and a part of the announced body, then cuts the connection. */
  | { readonly kind: 'cut'; readonly status: number; readonly body: string }
  /** Reads the whole request, then cuts the connection. */
  | { readonly kind: 'close-after-request' }
  /** Cuts every connection at once. */
  | { readonly kind: 'close-before-request' }
  /** Reads the request and never answers. */
  | { readonly kind: 'silence' };

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A real HTTP server on the loopback that does as it is told and remembers what it was asked. */
export interface ScriptedServer {
  readonly baseUrl: string;
  readonly requests: readonly RecordedRequest[];
  /** Every connection that was made, oldest first, closed ones included. */
  readonly connections: readonly Socket[];
  answer(next: Answer): void;
  close(): Promise<void>;
}

/** A JSON answer. */
export function jsonReply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    kind: 'reply',
    status,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
}

export async function startScriptedServer(first: Answer): Promise<ScriptedServer> {
  let current = first;
  const requests: RecordedRequest[] = [];
  const connections: Socket[] = [];
  const server = createServer((request, response) => {
    void record(request).then((recorded) => {
      requests.push(recorded);
      perform(current, response, request.socket);
    });
  });
  server.on('connection', (socket) => {
    connections.push(socket);
    if (current.kind === 'close-before-request') socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${String(port)}`,
    requests,
    connections,
    answer: (next) => {
      current = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function record(request: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function perform(answer: Answer, response: ServerResponse, socket: Socket): void {
  switch (answer.kind) {
    case 'reply':
      response.writeHead(answer.status, answer.headers ?? {});
      response.end(answer.body);
      return;
    case 'cut': {
      const announced = Buffer.byteLength(answer.body) + 1000;
      response.writeHead(answer.status, { 'content-length': String(announced) });
      response.write(answer.body, () => setTimeout(() => socket.destroy(), 20));
      return;
    }
    case 'close-after-request':
    case 'close-before-request':
      socket.destroy();
      return;
    case 'silence':
      return;
  }
}
