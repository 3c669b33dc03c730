import type { Deadline } from './deadline.ts';
import { toReason } from './error-reason.ts';

/** Why nothing may be sent now; `undefined` where the request may go. A check that fails or hangs closes the door. */
export async function refuseSending(
  lastCheck: () => Promise<boolean>,
  deadline: Deadline,
): Promise<string | undefined> {
  const before = deadline.cause();
  if (before !== undefined) return before;
  try {
    const isAllowed = await Promise.race([lastCheck(), untilAborted(deadline.signal)]);
    return deadline.cause() ?? (isAllowed ? undefined : 'the last check refused');
  } catch (error) {
    return `the last check failed: ${toReason(error)}`;
  }
}

function untilAborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
