import type { Terminal, TextStream } from '../../../src/cli/terminal.ts';

export interface CapturedTerminal extends Terminal {
  out(): string;
  /** What was written as bytes. */
  bytes(): Buffer;
  err(): string;
  interrupt(): void;
}

export interface CapturedTerminalOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly isTerminal?: boolean;
}

/** A terminal that keeps what is written to it. */
export function captureTerminal(options: CapturedTerminalOptions = {}): CapturedTerminal {
  const written = { out: '', err: '' };
  const chunks: Uint8Array[] = [];
  const listeners = new Set<() => void>();
  const stream = (name: keyof typeof written): TextStream => ({
    isTerminal: options.isTerminal ?? false,
    columns: 100,
    write: (text) => {
      written[name] += text;
    },
  });
  return {
    environment: options.environment ?? {},
    cwd: options.cwd ?? process.cwd(),
    stdout: stream('out'),
    stderr: stream('err'),
    readStdin: () => Promise.resolve(options.stdin ?? ''),
    writeBytes: async (bytes) => {
      chunks.push(bytes);
    },
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    out: () => written.out,
    bytes: () => Buffer.concat(chunks),
    err: () => written.err,
    interrupt: () => {
      for (const listener of listeners) listener();
    },
  };
}
