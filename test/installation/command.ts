import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endProcess } from '../../src/cli/end-process.ts';

export interface CommandEnd {
  /** `null` where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `bin/pollux` as a process of its own, as a person's shell runs it. */
export interface RunningCommand {
  readonly ended: Promise<CommandEnd>;
  /** Resolves once stderr holds the text; rejects where the command ends before. */
  said(text: string): Promise<void>;
  interrupt(): void;
  /** Run twice: the second finds it gone. */
  kill(): Promise<void>;
}

export interface CommandSurroundings {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** `bin/pollux` of another release. */
  readonly launcher?: string;
}

const LAUNCHER = fileURLToPath(new URL('../../bin/pollux', import.meta.url));
const KILL_TIMEOUT_MS = 5_000;

export function startCommand(
  parameters: readonly string[],
  { cwd, environment = {}, launcher = LAUNCHER }: CommandSurroundings,
): RunningCommand {
  const child = spawn(process.execPath, [launcher, ...parameters], {
    cwd,
    env: { ...cleanEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return {
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve();
        };
        child.stderr.on('data', look);
        child.once('close', () => reject(new Error(`it ended without "${text}": ${stderr}`)));
        look();
      }),
    interrupt: () => {
      child.kill('SIGINT');
    },
    kill: () => endProcess(child, 'SIGKILL', KILL_TIMEOUT_MS),
  };
}

/** Settings of whoever runs the tests must not decide what is tested. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|POLLUX_(?!TEST_))/.test(name)),
  );
}
