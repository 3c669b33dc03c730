import { fastify } from 'fastify';
import { SILENT } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { RIXAPI_CALLBACK } from '../../src/providers/rixapi/callback.ts';
import { startReceiver } from '../../src/webhooks/receiver.ts';
import { serveQuestions } from '../bench-process.ts';
import { ACCOUNT, PUBLIC_URL } from './target-urls.ts';

/** Which server to start. */
export interface ReceiverQuestion {
  readonly side: 'ours' | 'bare';
  readonly secret: string;
}

export interface ReceiverAnswer {
  readonly origin: string;
}

interface Running {
  readonly url: string;
  close(): Promise<unknown>;
}

/** No limit for one address: the load comes from one. */
const NO_LIMIT = 1_000_000;
const running: Running[] = [];

/** Signals are accepted at once: what is measured is the receiver. */
async function startOurs(text: string): Promise<Running> {
  return await startReceiver({
    host: '127.0.0.1',
    port: 0,
    publicUrl: PUBLIC_URL,
    secret: new Secret(() => text),
    accounts: new Map([[ACCOUNT, { support: RIXAPI_CALLBACK }]]),
    notify: async () => 'accepted',
    clock: Date.now,
    logger: SILENT,
    limits: { requestsPerSecond: NO_LIMIT },
  });
}

/** A route that reads JSON and answers 202. */
async function startBare(): Promise<Running> {
  const server = fastify({ logger: false });
  server.post('/*', async (_request, reply) => reply.code(202).send({ message: 'accepted' }));
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => server.close() };
}

serveQuestions(
  async (question): Promise<ReceiverAnswer> => {
    const { side, secret } = question as ReceiverQuestion;
    const server = await (side === 'ours' ? startOurs(secret) : startBare());
    running.push(server);
    return { origin: server.url };
  },
  async () => {
    for (const server of running) await server.close();
  },
);
