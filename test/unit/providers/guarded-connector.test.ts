import type { lookup, LookupAddress } from 'node:dns';
import { createGuardedConnector } from '../../../src/providers/guarded-connector.ts';

/** Resolves every name to these addresses. */
const resolveTo = (...addresses: string[]): typeof lookup =>
  ((_: string, __: unknown, callback: (error: null, all: LookupAddress[]) => void) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;

function connectTo(hostname: string, resolve: typeof lookup): Promise<unknown> {
  const connect = createGuardedConnector({ allowPrivateHosts: false }, 1_000, { resolve });
  return new Promise((settle) => {
    connect({ hostname, host: hostname, protocol: 'http:', port: '9' }, (...[error]) => {
      settle((error as { code?: string } | null)?.code ?? 'connected');
    });
  });
}

describe('the guarded connector', () => {
  it.each([
    ['a private one', ['10.0.0.8']],
    ['a private one among public ones', ['8.8.8.8', '127.0.0.1']],
    ['loopback, dressed as IPv6', ['::ffff:127.0.0.1']],
    ['nothing at all', []],
  ])('refuses a name that resolves to %s', async (_, addresses) => {
    const code = await connectTo('cdn.example.com', resolveTo(...addresses));

    expect(code).toBe('POLLUX_PRIVATE_ADDRESS');
  });

  it('refuses a literal address, for which nothing is resolved', async () => {
    const resolve = (() => {
      throw new Error('must not be asked');
    }) as unknown as typeof lookup;

    expect(await connectTo('127.0.0.1', resolve)).toBe('POLLUX_PRIVATE_ADDRESS');
    expect(await connectTo('::ffff:7f00:1', resolve)).toBe('POLLUX_PRIVATE_ADDRESS');
  });
});
