import { once } from 'node:events';
import { createServer } from 'node:http';

export interface HealthEndpoint {
  close(): Promise<void>;
}

/** Serves `GET /health` on loopback: 200 while `isHealthy`, else 503. Rejects with the node error where the port is taken. */
export async function serveHealth(port: number, isHealthy: () => boolean): Promise<HealthEndpoint> {
  const server = createServer((request, response) => {
    const isKnown = request.url === '/health';
    const status = !isKnown ? 404 : isHealthy() ? 200 : 503;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(isKnown ? JSON.stringify({ healthy: status === 200 }) : '');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
