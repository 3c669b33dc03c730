import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { Bill, JsonBody, ProviderName, TaskRecord, TaskStatus } from './task.ts';

export type LogKind =
  'create' | 'refused' | 'start' | 'end' | 'read' | 'list' | 'cancel' | 'file' | 'reply_dropped';

/** One line of the book against which others are judged. */
export interface LogEntry {
  readonly seq: number;
  /** ISO 8601 with milliseconds. */
  readonly at: string;
  readonly kind: LogKind;
  readonly provider: ProviderName;
  readonly taskId?: string;
  readonly model?: string;
  /** What the client sent. */
  readonly body?: JsonBody;
  /** A short hash of the API key, never the key. */
  readonly key?: string;
  /** What an accepted create is going to cost if it succeeds, or an ended task did cost. Absent: nothing, or no printed price. */
  readonly bill?: Bill;
  readonly status?: TaskStatus | number;
  /** Why a create was refused or a task failed. */
  readonly reason?: string;
  /** Only of creates: all that a restart needs. */
  readonly task?: TaskRecord;
}

export type NewEntry = Omit<LogEntry, 'seq' | 'at'>;

/** Append-only, in memory and, where a file is named, on disk. */
export interface SimulatorLog {
  readonly entries: readonly LogEntry[];
  /** Remembers the entry at once; its line follows in order. */
  append(entry: NewEntry, atMs: number): void;
  /** Resolves once all but reads are on disk. One sync serves all that wait. Rejects for good once a write failed. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps what the file holds; a last line that a kill cut short is removed. */
export async function openLog(file: string | undefined): Promise<SimulatorLog> {
  if (file === undefined) return createLog([], undefined);
  const handle = await open(file, 'a+');
  const text = await handle.readFile('utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await handle.truncate(Buffer.byteLength(whole));
  const lines = whole.split('\n').slice(0, -1);
  return createLog(
    lines.map((line, index) => parseLine(line, `${file}:${index + 1}`)),
    handle,
  );
}

function parseLine(line: string, where: string): LogEntry {
  try {
    return JSON.parse(line) as LogEntry;
  } catch (error) {
    throw new Error(`${where} is not JSON; move the file away to begin a new log`, {
      cause: error,
    });
  }
}

const LAZY_WRITE_MS = 50;
/** What changes nothing at the provider. */
const UNHURRIED: ReadonlySet<LogKind> = new Set(['read', 'list', 'file']);

function createLog(entries: LogEntry[], handle: FileHandle | undefined): SimulatorLog {
  let unwritten: string[] = [];
  let isUrgent = false;
  let writing: Promise<void> = Promise.resolve();
  let lazyWrite: NodeJS.Timeout | undefined;

  async function write(): Promise<void> {
    clearTimeout(lazyWrite);
    lazyWrite = undefined;
    if (handle === undefined || unwritten.length === 0) return;
    const lines = unwritten.join('');
    unwritten = [];
    isUrgent = false;
    await handle.appendFile(lines);
    await handle.datasync();
  }

  function writeNext(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  return {
    entries,
    append(entry, atMs) {
      const seq = (entries.at(-1)?.seq ?? 0) + 1;
      const complete: LogEntry = { seq, at: new Date(atMs).toISOString(), ...entry };
      entries.push(complete);
      if (handle === undefined) return;
      unwritten.push(`${JSON.stringify(complete)}\n`);
      isUrgent ||= !UNHURRIED.has(entry.kind);
      // A failure shows in the next flush: no create is answered any more.
      lazyWrite ??= setTimeout(
        () => void writeNext().catch(() => undefined),
        LAZY_WRITE_MS,
      ).unref();
    },
    flush: () => (isUrgent ? writeNext() : writing),
    async close() {
      await writeNext();
      await handle?.close();
    },
  };
}

/** Enough of a hash to tell keys apart, too little to find one. */
export function keyHashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12);
}
