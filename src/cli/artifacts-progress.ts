import type { Clock } from '../core/clock.ts';
import { formatBytes } from './format.ts';
import { createProgressLine } from './progress-line.ts';
import type { Terminal } from './terminal.ts';

/** Bytes that go by, on one line of stderr where a person looks at it live. */
export interface ByteProgress {
  /** So many more bytes of what is named. */
  add(bytes: number, name: string): void;
  close(): void;
}

const REDRAW_MS = 100;

export function createByteProgress(
  terminal: Terminal,
  verb: string,
  totalBytes: number,
  clock: Clock = Date.now,
): ByteProgress {
  const line = createProgressLine(terminal);
  let doneBytes = 0;
  let shownAtMs = -Infinity;
  return {
    add: (bytes, name) => {
      doneBytes += bytes;
      const nowMs = clock();
      if (nowMs - shownAtMs < REDRAW_MS) return;
      shownAtMs = nowMs;
      line.show(`${verb} ${name}  ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`);
    },
    close: () => line.close(),
  };
}
