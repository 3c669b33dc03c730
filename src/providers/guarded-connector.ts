import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { HostRules } from './host-guard.ts';
import { isPrivateHost, isPublicAddress } from './host-guard.ts';

/** Code of the error that a refused connection carries. */
export const PRIVATE_ADDRESS_CODE = 'POLLUX_PRIVATE_ADDRESS';

class PrivateAddressError extends Error {
  readonly code: string = PRIVATE_ADDRESS_CODE;

  constructor(host: string) {
    super(`${host} is or resolves to a private address`);
    this.name = 'PrivateAddressError';
  }
}

export interface GuardedConnectorOptions {
  /** Destroys every connection that is made, whenever it fires. */
  readonly signal?: AbortSignal;
  /** Default: the system's resolver. */
  readonly resolve?: typeof lookup;
}

/**
 * A connector that reaches public addresses only, unless private ones are allowed. It checks the literal host (Node
 * calls no `lookup` for literals), every address a name resolves to, and the address that was in fact connected.
 */
export function createGuardedConnector(
  rules: HostRules,
  timeoutMs: number,
  { signal, resolve = lookup }: GuardedConnectorOptions = {},
): buildConnector.connector {
  const usual = {
    timeout: timeoutMs,
    allowH2: false,
    ...(signal === undefined ? {} : { signal }),
  };
  if (rules.allowPrivateHosts) return buildConnector(usual);
  const connect = buildConnector({ ...usual, lookup: createPublicLookup(resolve) });
  return (options, callback) => {
    if (isPrivateHost(options.hostname)) {
      callback(new PrivateAddressError(options.hostname), null);
      return;
    }
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null) {
        callback(error, null);
      } else if (isPublicAddress(socket.remoteAddress ?? '')) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(new PrivateAddressError(options.hostname), null);
      }
    });
  };
}

function createPublicLookup(resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
        callback(new PrivateAddressError(hostname), '');
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}
