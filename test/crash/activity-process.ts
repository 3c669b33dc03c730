import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../installation/until.ts';

/** What a process is to run: the name of an activity, and its step. */
export type ActivityCall = readonly [name: string, step: object];

/** A moment in the life of a process, and what befalls it then. */
export interface Failpoint {
  /** Regular expression over lines such as `before sql commit`, `after http send POST`, `before file rename …`. */
  readonly moment: string;
  /** From 1. Default: the first time that it comes. */
  readonly count?: number;
  /** Moments before this activity began do not count. */
  readonly activity?: string;
  /** `terminate` is SIGTERM, `stop` SIGSTOP; `fail` throws at the moment. */
  readonly action: 'kill' | 'stop' | 'terminate' | 'fail';
  /** With `fail`: what SQLite would say. Without it the error is nobody's. */
  readonly sqliteCode?: number;
  /** With `fail`: also every time after that. */
  readonly isLasting?: boolean;
}

export interface ActivityEnd {
  readonly name: string;
  /** Absent where it threw. */
  readonly result?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Those that came to their end. */
  readonly activities: readonly ActivityEnd[];
  readonly stderr: string;
}

export interface ActivityProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** Resolves once a failpoint has stopped the process. */
  stopped(): Promise<void>;
  /** Resolves once so many activities have come to their end. */
  finished(count: number): Promise<void>;
  signal(name: 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): void;
}

export interface SpawnOptions {
  readonly failpoints?: readonly Failpoint[];
}

const PROGRAM = join(__dirname, 'child', 'run-activities.mjs');
const FAILPOINTS = join(__dirname, 'child', 'failpoints.mjs');

/** A tracer counts per thread, so all file operations are of one. */
const ENVIRONMENT = { NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };

/** Starts a process that runs what the file `plan` says. */
export function startProcess(plan: string, options: SpawnOptions = {}): ActivityProcess {
  const { failpoints } = options;
  const preload = failpoints === undefined ? [] : ['--import', FAILPOINTS];
  const child = spawn(process.execPath, [...preload, PROGRAM, plan], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...ENVIRONMENT, POLLUX_TEST_FAILPOINTS: JSON.stringify(failpoints) },
  });
  const activities: ActivityEnd[] = [];
  const waitFor = (what: string, look: () => boolean): Promise<unknown> =>
    until(what, () => {
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (isOver && !look()) throw new Error(`the process ended; it was waited for ${what}`);
      return look();
    });
  return {
    pid: child.pid ?? 0,
    ended: untilEnded(child, activities),
    stopped: async () => {
      await waitFor('the process to be stopped by its failpoint', () => isStopped(child.pid));
    },
    finished: async (count) => {
      await waitFor(`${count} activities to end`, () => activities.length >= count);
    },
    signal: (name) => {
      child.kill(name);
    },
  };
}

async function untilEnded(child: ChildProcess, activities: ActivityEnd[]): Promise<ProcessEnd> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => {
      activities.push(JSON.parse(line) as ActivityEnd);
    });
  }
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode, signal, activities, stderr });
    });
  });
}

/** The third field of the kernel's line on a process, after the name in brackets. */
function isStopped(pid: number | undefined): boolean {
  const file = `/proc/${pid ?? 0}/stat`;
  const line = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return line.slice(line.lastIndexOf(')') + 2).startsWith('T');
}
