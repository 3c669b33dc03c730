import type { lookup, LookupAddress } from 'node:dns';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { createGuardedConnector } from '../../../src/providers/guarded-connector.ts';

/** Resolves every name to these addresses. */
const resolveTo = (...addresses: string[]): typeof lookup =>
  ((_: string, __: unknown, callback: (error: null, all: LookupAddress[]) => void) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;

function connectTo(
  hostname: string,
  resolve: typeof lookup,
  { allowPrivateHosts = false, port = 9 } = {},
): Promise<unknown> {
  const connect = createGuardedConnector({ allowPrivateHosts }, 1_000, { resolve });
  return new Promise((settle) => {
    connect({ hostname, host: hostname, protocol: 'http:', port: `${port}` }, (...result) => {
      const [error, socket] = result;
      socket?.destroy();
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

  it.each(['169.254.169.254', 'fe80::1', '::ffff:169.254.0.1', '100.100.100.200', 'fd00:ec2::254'])(
    'refuses %s, literal or resolved, where private hosts are allowed',
    async (address) => {
      const isOpen = { allowPrivateHosts: true };

      expect(await connectTo('db.example.com', resolveTo('10.0.0.8', address), isOpen)).toBe(
        'POLLUX_PRIVATE_ADDRESS',
      );
      expect(await connectTo(address, resolveTo(), isOpen)).toBe('POLLUX_PRIVATE_ADDRESS');
      expect(await connectTo(`[${address}]`, resolveTo(), isOpen)).toBe('POLLUX_PRIVATE_ADDRESS');
    },
  );

  describe('with a server on the loopback', () => {
    let server: Server;
    let port: number;

    beforeEach(async () => {
      server = createServer((socket) => socket.on('error', () => undefined));
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      port = (server.address() as AddressInfo).port;
    });

    afterEach(() => new Promise((done) => server.close(done)));

    it('connects to it where that is allowed', async () => {
      const isOpen = { allowPrivateHosts: true, port };

      expect(await connectTo('db.example.com', resolveTo('127.0.0.1'), isOpen)).toBe('connected');
    });

    it('looks again at the address that was in fact connected', async () => {
      let reads = 0;
      const turncoat = {
        family: 4,
        get address() {
          reads += 1;
          return reads === 1 ? '8.8.8.8' : '127.0.0.1';
        },
      };
      const resolve = ((_: string, __: unknown, callback: (error: null, all: object[]) => void) => {
        callback(null, [turncoat]);
      }) as unknown as typeof lookup;

      expect(await connectTo('db.example.com', resolve, { port })).toBe('POLLUX_PRIVATE_ADDRESS');
      expect(reads).toBeGreaterThan(1);
    });
  });
});
