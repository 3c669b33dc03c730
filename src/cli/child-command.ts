import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../core/errors.ts';
import { endProcess, hasEnded } from './end-process.ts';

export interface ChildCommand {
  readonly pid: number;
  /** What it has printed on stderr so far. */
  output(): string;
  /** Asks it to end and waits; after twenty seconds it is killed. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const LAUNCHERS = ['../../../bin/pollux', '../../bin/pollux'];

/**
 * Runs one of our own commands as a process of its own and resolves once it has printed its line with `ready`.
 * Throws `config.invalid` with the end of its output where it ends before or takes longer than a minute.
 */
export async function startChildCommand(
  parameters: readonly string[],
  options: { readonly logFile: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<ChildCommand> {
  const child = spawn(process.execPath, [launcherPath(), ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...options.environment },
    // Ctrl-C in the terminal is for the command that started it, which ends it in its own order.
    detached: true,
  });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    log.write(text);
  });
  const command = toChildCommand(child, () => output);
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  while (!/\bready\b/.test(output)) {
    if (hasEnded(child) || Date.now() > deadlineMs) {
      await command.kill();
      throw new ConfigError(
        'config.invalid',
        `pollux ${parameters[0] ?? ''} did not become ready; its log is ${options.logFile} and ends with:\n${output.slice(-1500).trim()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return command;
}

function launcherPath(): string {
  const paths = LAUNCHERS.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new ConfigError('config.invalid', 'bin/pollux is not beside the program');
  return path;
}

function toChildCommand(child: ChildProcess, output: () => string): ChildCommand {
  return {
    pid: child.pid ?? 0,
    output,
    stop: () => endProcess(child, 'SIGTERM', STOP_TIMEOUT_MS),
    kill: () => endProcess(child, 'SIGKILL', STOP_TIMEOUT_MS),
  };
}
