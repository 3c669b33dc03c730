/** One signal for "the caller aborted" and "the time is up", which can tell them apart. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the signal fired, for a person; `undefined` while it has not. */
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
  const timer = setTimeout(() => end(`no complete answer within ${timeoutMs} ms`), timeoutMs);
  caller.addEventListener('abort', onAbort, { once: true });
  if (caller.aborted) onAbort();
  return {
    signal: controller.signal,
    cause: () => cause,
    close: () => {
      clearTimeout(timer);
      caller.removeEventListener('abort', onAbort);
    },
  };
}
