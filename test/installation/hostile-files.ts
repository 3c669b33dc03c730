import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

export interface FileRequest {
  /** Path and query. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers one request byte by byte; it may write what no HTTP library would. */
export type FileStory = (socket: Socket, request: FileRequest) => void;

/** A server on the loopback that speaks HTTP as badly as it is told, one connection a request. */
export interface HostileServer {
  readonly port: number;
  readonly baseUrl: string;
  readonly requests: readonly FileRequest[];
  tell(story: FileStory): void;
  close(): Promise<void>;
}

/** A reset discards what the other side has not read. */
const CUT_DELAY_MS = 500;

export async function startHostileServer(first: FileStory): Promise<HostileServer> {
  let story = first;
  const requests: FileRequest[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let head = '';
    socket.on('data', (bytes) => {
      if (head.includes('\r\n\r\n')) return;
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const request = toRequest(head);
      requests.push(request);
      story(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    tell: (next) => {
      story = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A head with `status` and `headers`, then the body, then FIN. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
  body: string | Uint8Array = '',
): FileStory {
  return (socket) => {
    socket.write(toHead(status, headers));
    socket.end(body);
  };
}

/** A redirect to `location`. */
export function redirect(location: string): FileStory {
  return answer(302, { location, 'content-length': 0 });
}

/** A head that promises nothing, then bytes until the client is gone. */
export const sendForEver: FileStory = (socket) => {
  const block = Buffer.alloc(64 * 1024, 7);
  socket.write(toHead(200, {}));
  const send = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', send);
  send();
};

/** A head that announces `sizeBytes`, then `bytes` of them every `everyMs`. */
export function drip(sizeBytes: number, bytes: number, everyMs: number): FileStory {
  return (socket) => {
    socket.write(toHead(200, { 'content-length': sizeBytes }));
    const timer = setInterval(() => socket.write(Buffer.alloc(bytes, 7)), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
}

/** Serves `whole` under an entity tag; what it says to a `Range` is up to `toRange`, to which it gives the asked offset. */
export function serveTagged(
  whole: Uint8Array,
  entityTag: string,
  toRange: (offset: number, request: FileRequest) => FileStory,
): FileStory {
  return (socket, request) => {
    const offset = /^bytes=(\d+)-$/.exec(request.headers['range'] ?? '')?.[1];
    const full = answer(200, { 'content-length': whole.length, etag: entityTag }, whole);
    const play = offset === undefined ? full : toRange(Number(offset), request);
    play(socket, request);
  };
}

/** Announces `whole` under an entity tag, and resets the connection once `bytes` of it were taken. */
export function cutAfter(whole: Uint8Array, entityTag: string, bytes: number): FileStory {
  return (socket) => {
    socket.write(toHead(200, { 'content-length': whole.length, etag: entityTag }));
    socket.write(whole.subarray(0, bytes), () => {
      setTimeout(() => socket.resetAndDestroy(), CUT_DELAY_MS);
    });
  };
}

function toHead(status: number, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} x\r\nconnection: close\r\n${lines.join('')}\r\n`;
}

function toRequest(head: string): FileRequest {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = lines
    .map((line) => /^([^:]+): *(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', value = '']) => [name.toLowerCase(), value] as const);
  return { path: first.split(' ')[1] ?? '', headers: Object.fromEntries(headers) };
}
