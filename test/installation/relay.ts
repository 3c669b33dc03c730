import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A TCP line that can be cut while both of its ends live on. */
export interface Relay {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** From now on nothing passes, and neither end is told. */
  cut(): void;
  /** The connection that next carries this text from that end is closed instead, at both ends: it does not arrive. */
  breakAt(end: RelayEnd, text: string): void;
  close(): Promise<void>;
}

export type RelayEnd = 'client' | 'server';

/** Passes every connection on to a port of this machine. */
export async function openRelay(port: number): Promise<Relay> {
  let isCut = false;
  let breakpoint: { readonly end: RelayEnd; readonly text: string } | undefined;
  const sockets = new Set<Socket>();
  const pass = (end: RelayEnd, from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes) => {
      if (breakpoint?.end === end && bytes.includes(breakpoint.text)) {
        breakpoint = undefined;
        from.destroy();
      } else if (!isCut) {
        to.write(bytes);
      }
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    pass('client', client, target);
    pass('server', target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    address: `127.0.0.1:${ownPort}`,
    cut: () => {
      isCut = true;
    },
    breakAt: (end, text) => {
      breakpoint = { end, text };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
