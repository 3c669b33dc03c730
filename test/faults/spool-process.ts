import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Injection } from '../crash/strace.ts';
import { trace } from '../crash/strace.ts';
import { until } from '../installation/until.ts';

export interface SpoolProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote, line by line. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Appends these records to a spool in a process of its own, whose system calls are meddled with. */
export async function appendUnder(
  injection: Injection,
  directory: string,
  jobIds: readonly string[],
): Promise<SpoolProcessEnd> {
  const child = start('append-to-spool.mjs', [directory, ...jobIds]);
  const ended = untilEnded(child);
  try {
    await until('the process to have stopped itself', () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return isStopped(child.pid);
    });
    await trace(child.pid ?? 0, injection);
    child.kill('SIGCONT');
    return await ended;
  } finally {
    child.kill('SIGKILL');
  }
}

/** Appends these records to a spool and drains it meanwhile, in a process of its own. */
export function share(directory: string, jobIds: readonly string[]): Promise<SpoolProcessEnd> {
  return untilEnded(start('share-a-spool.mjs', [directory, ...jobIds]));
}

function start(program: string, parameters: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(__dirname, 'child', program), ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A tracer counts per thread, so all file operations are of one.
    env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' },
  });
}

async function untilEnded(child: ChildProcess): Promise<SpoolProcessEnd> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode, signal, lines: stdout.split('\n').slice(0, -1), stderr });
    });
  });
}

/** The third field of the kernel's line on a process, after the name in brackets. */
function isStopped(pid: number | undefined): boolean {
  const line = readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).startsWith('T');
}
