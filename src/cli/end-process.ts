import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** True once the process is gone, however it went. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/**
 * Sends the signal and waits until the process is gone; one that outlives `timeoutMs` is killed.
 * Run twice: the second finds it gone.
 */
export async function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await exited;
  clearTimeout(timer);
}
