import type { Command } from 'commander';
import type { Config } from '../config.ts';
import type { Logger } from '../core/logger.ts';
import type { Terminal } from './terminal.ts';

/** What every command gets from the program it belongs to. Heavy rooms are loaded when they are asked for. */
export interface CommandHost {
  readonly terminal: Terminal;
  /** Throws `config.invalid`. */
  loadConfig(): Promise<Config>;
  createLogger(): Promise<Logger>;
  /** What the command's end means for the process. */
  exitWith(exitCode: number): void;
}

/** Adds one command, with its options and examples, to the program. */
export type RegisterCommand = (program: Command, host: CommandHost) => void;

export function createHost(
  program: Command,
  terminal: Terminal,
  exitWith: (exitCode: number) => void,
): CommandHost {
  const options = (): { config?: string; verbose?: boolean; logJson?: boolean } => program.opts();
  return {
    terminal,
    exitWith,
    loadConfig: async () => {
      const { loadConfig } = await import('../config.ts');
      const { environment, cwd } = terminal;
      return loadConfig({ file: options().config, environment, cwd });
    },
    createLogger: async () => {
      const { createLogger } = await import('./logger.ts');
      const { verbose = false, logJson = false } = options();
      return createLogger({ terminal, isJson: logJson, isVerbose: verbose });
    },
  };
}

/** Writes to stderr; a line for a person. */
export function say(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${text}\n`);
}

/** Writes to stdout; a line of the result. */
export function print(terminal: Terminal, text: string): void {
  terminal.stdout.write(`${text}\n`);
}

export function printJson(terminal: Terminal, value: object): void {
  print(terminal, JSON.stringify(value));
}

export interface Interruption {
  /** Resolves at the first SIGINT or SIGTERM. */
  readonly happened: Promise<void>;
  /** Stops listening. */
  stop(): void;
}

export function awaitInterruption(terminal: Terminal): Interruption {
  let stop = (): void => undefined;
  const happened = new Promise<void>((resolve) => {
    stop = terminal.onInterrupt(resolve);
  });
  return { happened, stop };
}
