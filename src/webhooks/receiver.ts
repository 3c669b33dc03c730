import { createCallbackServer } from './callback-server.ts';
import type { CallbackCounts } from './counts.ts';
import { createTally } from './counts.ts';
import type { ReceiverLimits, ReceiverOptions } from './receiver-options.ts';

export type { CallbackAccount, ReceiverLimits, ReceiverOptions } from './receiver-options.ts';

export interface RunningReceiver {
  /** `http://host:port` */
  readonly url: string;
  /** Since the start. */
  counts(): CallbackCounts;
  /** Accepts nothing more, lets running requests end, then stops. Safe to call twice. */
  close(): Promise<void>;
}

const DEFAULT_LIMITS: ReceiverLimits = {
  signalTimeoutMs: 2_000,
  requestTimeoutMs: 10_000,
  requestsPerSecond: 5_000,
};
/** Longer than a request may take in all. */
const CLOSE_TIMEOUT_MS = 15_000;

/**
 * Listens for callbacks of providers, `POST /hooks/<account>/<job>/<number>/<token>`, and wakes the job that each is for. It
 * passes on the task's id and whether the task goes on, never what the callback says of the result.
 *
 * | answer | when |
 * | --- | --- |
 * | 202 | the signal is accepted, or it repeats an accepted one, or no workflow waits for it |
 * | 401 | the account's provider signs its callbacks and the signature is wrong or old |
 * | 404 | the token is wrong, or the path; nothing tells which, or whether there is such a job |
 * | 413, 415 | more than 64 KiB, or not JSON |
 * | 429 | too many for one submission or from one address; `Retry-After` |
 * | 503 | the signal could not be accepted; `Retry-After` |
 *
 * `GET /health` answers 200. Throws `config.invalid` for secrets that are not there or too short; rejects with the node error
 * where it cannot listen.
 */
export async function startReceiver(options: ReceiverOptions): Promise<RunningReceiver> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  let isClosing = false;
  const tally = createTally(options.logger);
  try {
    const server = createCallbackServer({ ...options, limits, tally, isClosing: () => isClosing });
    const url = await server.listen({ host: options.host, port: options.port });
    return {
      url,
      counts: () => tally.totals(),
      close: async () => {
        isClosing = true;
        const timer = setTimeout(() => server.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
        await server.close().finally(() => clearTimeout(timer));
        tally.stop();
      },
    };
  } catch (error) {
    tally.stop();
    throw error;
  }
}
