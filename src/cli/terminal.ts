import { styleText } from 'node:util';

/** Where a command's text goes. */
export interface TextStream {
  /** True: a person looks at it live, so lines may be rewritten and coloured. */
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** A command's view of the process around it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The result, and nothing else. */
  readonly stdout: TextStream;
  /** Progress, logs and errors. */
  readonly stderr: TextStream;
  readStdin(): Promise<string>;
  /** Writes to stdout what is no text. Resolves once it is taken. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** Calls `listener` at the first SIGINT or SIGTERM; the second ends the process. Returns the way to stop listening. */
  onInterrupt(listener: () => void): () => void;
}

const INTERRUPTED = 130;
const DEFAULT_COLUMNS = 80;

export function systemTerminal(): Terminal {
  return {
    environment: process.env,
    cwd: process.cwd(),
    stdout: toTextStream(process.stdout),
    stderr: toTextStream(process.stderr),
    readStdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks).toString('utf8');
    },
    writeBytes: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    onInterrupt: (listener) => {
      let interruptions = 0;
      const onSignal = (): void => {
        interruptions += 1;
        if (interruptions === 1) listener();
        else process.exit(INTERRUPTED);
      };
      process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
      return () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}

export type TextStyle = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours a text where the stream is a terminal and `NO_COLOR` is not set. */
export function paint(
  terminal: Terminal,
  stream: TextStream,
  style: TextStyle,
  text: string,
): string {
  const isColoured = stream.isTerminal && !terminal.environment['NO_COLOR'];
  return isColoured ? styleText(style, text) : text;
}

function toTextStream(stream: NodeJS.WriteStream): TextStream {
  // A reader that went away, as in `pollux jobs list | head`, is no error of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    isTerminal: stream.isTTY,
    get columns() {
      return stream.columns || DEFAULT_COLUMNS;
    },
    write: (text) => void stream.write(text),
  };
}
