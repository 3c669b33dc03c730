import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigError } from '../core/errors.ts';

/** A TCP port that nobody listens on at this moment. */
export async function findFreePort(host: string): Promise<number> {
  return listenOnce(host, 0);
}

/** `port` if nobody listens on it, else any other that is free. */
export async function preferPort(host: string, port: number): Promise<number> {
  return listenOnce(host, port).catch(() => findFreePort(host));
}

/** Throws `config.invalid`, naming the port and who wanted it, unless it can be listened on. */
export async function checkPortIsFree(host: string, port: number, user: string): Promise<void> {
  try {
    await listenOnce(host, port);
  } catch (error) {
    throw new ConfigError(
      'config.invalid',
      `port ${port} on ${host} cannot be used for ${user}: another process listens on it or it is not allowed; ` +
        'stop that process or choose another port',
      { details: { host, port }, cause: error },
    );
  }
}

async function listenOnce(host: string, port: number): Promise<number> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : port;
}
