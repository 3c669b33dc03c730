import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { createGuardedConnector, openSocket } from './guarded-connector.ts';
import type { HostRules } from './host-guard.ts';

/** A connection that stands, TLS included, and on which nothing of a request has been written. */
export interface Connection {
  /** Why no request can go out on it, for a person; `undefined` while it stands. */
  breakage(): string | undefined;
  /** Gives the connection to the first client that asks, and to no other. */
  readonly connector: buildConnector.connector;
  /** Run twice: the second finds it closed. */
  close(): void;
}

export interface ConnectionOptions {
  readonly timeoutMs: number;
  /** Closes the connection, in whatever state it is. */
  readonly signal: AbortSignal;
}

/** Connects to the origin of a URL under the rules for hosts. Rejects with what the network or the rules say. */
export async function openConnection(
  url: URL,
  rules: HostRules,
  options: ConnectionOptions,
): Promise<Connection> {
  const { timeoutMs, signal } = options;
  const socket = await openSocket(url, createGuardedConnector(rules, timeoutMs, { signal }));
  return toConnection(socket);
}

class ConnectionSpent extends Error {
  readonly code: string = 'POLLUX_CONNECTION_SPENT';

  constructor() {
    super('the connection that was opened for this request is gone');
    this.name = 'ConnectionSpent';
  }
}

function toConnection(socket: Socket): Connection {
  let isSpent = false;
  return {
    breakage: () => {
      if (socket.destroyed || socket.readableEnded)
        return 'the connection broke before the request';
      return socket.readableLength > 0 ? 'the server spoke before the request' : undefined;
    },
    connector: (_, callback) => {
      const isFirst = !isSpent;
      isSpent = true;
      // The client does not see a connection that it is given while it still asks for one.
      queueMicrotask(() => {
        if (isFirst) callback(null, socket);
        else callback(new ConnectionSpent(), null);
      });
    },
    close: () => {
      socket.destroy();
    },
  };
}
