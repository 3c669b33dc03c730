/** One signal for "the caller aborted" and "the time is up", which can tell them apart. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the time is over, for a person; `undefined` while it is not. Tells the truth in a process that was frozen, too. */
  cause(): string | undefined;
  /** Frees timer and listener. */
  close(): void;
}

/**
 * Starts the total time of a call. A timer of its own rather than `AbortSignal.any` with `AbortSignal.timeout`,
 * whose combined signal Node 20 may collect before it fires.
 */
export function startDeadline(timeoutMs: number, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  let cause: string | undefined;
  const end = (why: string): void => {
    cause ??= why;
    controller.abort();
  };
  const onAbort = (): void => end('the call was aborted');
  const onTimeUp = (): void => end(`no complete answer within ${timeoutMs} ms`);
  const endsAtMs = performance.now() + timeoutMs;
  const timer = setTimeout(onTimeUp, timeoutMs);
  caller.addEventListener('abort', onAbort, { once: true });
  if (caller.aborted) onAbort();
  return {
    signal: controller.signal,
    cause: () => {
      // A timer fires late in a process that was frozen, or busy.
      if (performance.now() >= endsAtMs) onTimeUp();
      return cause;
    },
    close: () => {
      clearTimeout(timer);
      caller.removeEventListener('abort', onAbort);
    },
  };
}
