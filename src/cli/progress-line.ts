import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** One line on stderr that is rewritten while something goes on; nothing where nobody looks at it live. */
export interface ProgressLine {
  show(text: string): void;
  /** Removes the line. */
  close(): void;
}

const CLEAR_LINE = '\r\u001b[2K';

export function createProgressLine(terminal: Terminal): ProgressLine {
  const { stderr } = terminal;
  if (!stderr.isTerminal) return { show: () => undefined, close: () => undefined };
  return {
    show: (text) => {
      stderr.write(CLEAR_LINE + paint(terminal, stderr, 'cyan', text.slice(0, stderr.columns - 1)));
    },
    close: () => stderr.write(CLEAR_LINE),
  };
}
