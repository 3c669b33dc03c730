import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** What befalls one connection. Whatever it is, what the caller sends arrives, unless it is reset at once. */
export type LineFault =
  | { readonly kind: 'reset_at_once' }
  /** Once the other side has answered. */
  | { readonly kind: 'reset_after_request' }
  /** Nothing of the answer comes. */
  | { readonly kind: 'silence' }
  /** The answer comes byte by byte. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** Of the answer comes what this matches from its start, and the end of the connection. */
  | { readonly kind: 'cut'; readonly after: RegExp };

/** A TCP line on which connections go wrong, one after the other. */
export interface FaultyLine {
  /** The same URL through this line. */
  inFrontOf(url: string): string;
  close(): Promise<void>;
}

/** The first connection meets the first fault, and so on. Those that come after them meet none. */
export async function openFaultyLine(faults: readonly LineFault[]): Promise<FaultyLine> {
  const left = [...faults];
  const sockets = new Set<Socket>();
  let targetPort = 0;
  const server = createServer((client) => {
    const fault = left.shift();
    keep(client, sockets);
    if (fault?.kind === 'reset_at_once') {
      client.resetAndDestroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    keep(target, sockets);
    client.on('data', (bytes) => target.write(bytes));
    client.on('close', () => target.destroy());
    target.on('close', () => client.end());
    target.on('data', createAnswerer(client, fault));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    inFrontOf: (url) => {
      const through = new URL(url);
      targetPort = Number(through.port);
      through.port = `${ownPort}`;
      return through.href;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}

function createAnswerer(client: Socket, fault: LineFault | undefined): (bytes: Buffer) => void {
  let answer = Buffer.alloc(0);
  return (bytes) => {
    answer = Buffer.concat([answer, bytes]);
    switch (fault?.kind) {
      case undefined:
        client.write(bytes);
        break;
      case 'reset_at_once':
      case 'reset_after_request':
        client.resetAndDestroy();
        break;
      case 'silence':
        break;
      case 'drip':
        drip(client, bytes, fault.everyMs);
        break;
      case 'cut': {
        const part = fault.after.exec(answer.toString('latin1'));
        if (part === null) break;
        client.end(answer.subarray(0, part.index + part[0].length));
        break;
      }
    }
  };
}

function drip(client: Socket, bytes: Buffer, everyMs: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    client.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent >= bytes.length || client.destroyed) clearInterval(timer);
  }, everyMs);
}
