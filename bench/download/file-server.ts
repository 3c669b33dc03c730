import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveQuestions } from '../bench-process.ts';
import { BLOCK_BYTES, createLargeMp4, readBlocks } from './large-mp4.ts';

/** Serves `/<bytes>.mp4`, a whole MP4 of that size, on loopback. A process of its own, as a provider's host would be. */

const filler = randomBytes(BLOCK_BYTES);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sizeBytes = Number(/^\/(\d+)\.mp4$/.exec(request.url ?? '')?.[1]);
  if (!Number.isSafeInteger(sizeBytes)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'content-type': 'video/mp4',
    'content-length': sizeBytes,
    etag: `"bench-${sizeBytes}"`,
  });
  for (const block of readBlocks(createLargeMp4(sizeBytes), filler)) {
    if (!response.write(block)) await once(response, 'drain');
  }
  response.end();
}

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    response.destroy(error instanceof Error ? error : undefined);
  });
});
const listening = once(server.listen(0, '127.0.0.1'), 'listening');

serveQuestions(
  async () => {
    await listening;
    const { port } = server.address() as AddressInfo;
    return { origin: `http://127.0.0.1:${port}` };
  },
  async () => {
    server.close();
    server.closeAllConnections();
  },
);
