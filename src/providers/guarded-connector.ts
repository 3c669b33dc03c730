import { lookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { HostRules } from './host-guard.ts';
import { isPrivateHost, refuseAddress, withoutBrackets } from './host-guard.ts';

const PRIVATE = 'is or resolves to a private address';

/** A connection that the rules for hosts refuse. */
export class RefusedConnection extends Error {
  readonly code: string = 'POLLUX_PRIVATE_ADDRESS';
  /** A sentence part. */
  readonly rule: string;

  constructor(host: string, rule: string) {
    super(`${host} ${rule}`);
    this.name = 'RefusedConnection';
    this.rule = `its host ${rule}`;
  }
}

class ClosedAtOnce extends Error {
  readonly code: string = 'ECONNRESET';

  constructor(host: string) {
    super(`${host} closed the connection at once`);
    this.name = 'ClosedAtOnce';
  }
}

export interface GuardedConnectorOptions {
  /** Destroys every connection that is made, whenever it fires. */
  readonly signal?: AbortSignal;
  /** How much a connection reads ahead of its reader. Default: as much as Node takes. */
  readonly readAheadBytes?: number;
  /** Default: the system's resolver. */
  readonly resolve?: typeof lookup;
}

/**
 * A connector that reaches public addresses only, unless private ones are allowed; never a link-local one. It checks the
 * literal host (Node calls no `lookup` for literals), every address a name resolves to, and the address that was in fact
 * connected.
 */
export function createGuardedConnector(
  rules: HostRules,
  timeoutMs: number,
  { signal, readAheadBytes, resolve = lookup }: GuardedConnectorOptions = {},
): buildConnector.connector {
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    ...(signal === undefined ? {} : { signal }),
    ...(readAheadBytes === undefined ? {} : { highWaterMark: readAheadBytes }),
    lookup: createGuardedLookup(rules, resolve),
  });
  return (options, callback) => {
    const { hostname } = options;
    const refusal = refuseHost(hostname, rules);
    if (refusal !== undefined) {
      callback(new RefusedConnection(hostname, refusal), null);
      return;
    }
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null) {
        callback(error, null);
        return;
      }
      const refused = refusePeer(socket, hostname, rules);
      if (refused === undefined) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(refused, null);
      }
    });
  };
}

function refuseHost(hostname: string, rules: HostRules): string | undefined {
  if (!rules.allowPrivateHosts && isPrivateHost(hostname)) return PRIVATE;
  return refuseAddress(withoutBrackets(hostname), { allowPrivateHosts: true });
}

function refusePeer(socket: Socket, hostname: string, rules: HostRules): Error | undefined {
  const { remoteAddress } = socket;
  // A peer that closed at once has left no address to judge: that breaks no rule, it may pass.
  if (remoteAddress === undefined) return new ClosedAtOnce(hostname);
  const rule = refuseAddress(remoteAddress, rules);
  return rule === undefined ? undefined : new RefusedConnection(hostname, rule);
}

function createGuardedLookup(rules: HostRules, resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const [first] = addresses;
      const refusals = addresses.map(({ address }) => refuseAddress(address, rules));
      const rule = first === undefined ? PRIVATE : refusals.find((each) => each !== undefined);
      if (first === undefined || rule !== undefined) {
        callback(new RefusedConnection(hostname, rule ?? PRIVATE), '');
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

/** Connects to the origin of a URL. Rejects with what the connector says. */
export function openSocket(url: URL, connect: buildConnector.connector): Promise<Socket> {
  const target = {
    host: url.host,
    hostname: withoutBrackets(url.hostname),
    protocol: url.protocol,
    port: url.port,
  };
  return new Promise((resolve, reject) => {
    connect(target, (...[error, socket]) => {
      if (error === null) resolve(socket);
      else reject(error);
    });
  });
}
