import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failpoint } from '../crash/activity-process.ts';
import { until } from './until.ts';

const PRELOAD = join(__dirname, '..', 'crash', 'child', 'failpoints.mjs');

/** The environment of a worker that something befalls at exact moments. */
export function withFailpoints(
  ...failpoints: readonly Failpoint[]
): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    POLLUX_TEST_FAILPOINTS: JSON.stringify(failpoints),
  };
}

/** Resolves once SIGSTOP has frozen the process. */
export async function untilStopped({ pid }: { readonly pid: number }): Promise<void> {
  await until(`process ${pid} to be frozen`, () => isStopped(pid));
}

/** The third field of the kernel's line on a process, after the name in brackets. */
function isStopped(pid: number): boolean {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).startsWith('T');
}
