import { awaitInterruption, say } from './host.ts';
import type { Terminal } from './terminal.ts';

const INTERRUPTED_EXIT_CODE = 130;

/** Runs work that ends at its signal. The first SIGINT or SIGTERM ends it with 130, after `farewell`. */
export async function untilInterrupted(
  terminal: Terminal,
  farewell: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interruption = awaitInterruption(terminal);
  const controller = new AbortController();
  void interruption.happened.then(() => controller.abort());
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    say(terminal, farewell);
    return INTERRUPTED_EXIT_CODE;
  } finally {
    interruption.stop();
  }
}
