import type { Readable } from 'node:stream';

/** How slow a server may be. */
export interface FetchPatience {
  /** For a connection, TLS included. */
  readonly connectMs: number;
  /** For the head of an answer, once the request is sent. */
  readonly headMs: number;
  /** Longest silence within a body. */
  readonly idleMs: number;
  /** Every `windowMs` of waiting for the network must bring `windowBytes`. */
  readonly windowMs: number;
  readonly windowBytes: number;
}

/**
 * At 64 KiB a minute 2 GiB would take 22 days, so nothing that could have ended in time is lost. A server that drips a byte
 * now and then to hold a place costs a minute and a half at most (a window and a silence), not the whole time limit.
 */
export const USUAL_PATIENCE: FetchPatience = {
  connectMs: 10_000,
  headMs: 30_000,
  idleMs: 30_000,
  windowMs: 60_000,
  windowBytes: 64 * 1024,
};

/** A server that keeps us waiting. Its message is a sentence part. */
export class TooSlow extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TooSlow';
  }
}

/**
 * The chunks of a body. Throws {@link TooSlow}, and what the body throws.
 *
 * Counts the time spent waiting for the network, never the time the receiver takes: a slow store must not look like a slow
 * server. Bytes that came meanwhile are found without waiting, in the server's favour.
 */
export async function* keepPace(
  body: Readable,
  { idleMs, windowMs, windowBytes }: FetchPatience,
): AsyncGenerator<Uint8Array> {
  let isWaiting = true;
  const timer = setTimeout(() => {
    if (isWaiting) body.destroy(new TooSlow(`no byte within ${idleMs} ms`));
  }, idleMs);
  let waitedMs = 0;
  let bytes = 0;
  let waitsSinceMs = performance.now();
  try {
    for await (const chunk of body) {
      isWaiting = false;
      // A longer wait than the longest silence was a process that stood still itself.
      waitedMs += Math.min(performance.now() - waitsSinceMs, idleMs);
      bytes += (chunk as Uint8Array).length;
      if (waitedMs >= windowMs) {
        if (bytes < windowBytes) {
          throw new TooSlow(`slower than ${windowBytes} bytes in ${windowMs} ms`);
        }
        waitedMs = 0;
        bytes = 0;
      }
      yield chunk as Uint8Array;
      isWaiting = true;
      waitsSinceMs = performance.now();
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}
