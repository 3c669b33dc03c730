import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { LogEntry } from '../../simulator/index.ts';
import type { TaskReading } from './readings.ts';

const CHUNK_BYTES = 1024 * 1024;

/** What the simulator has written of its calls, read on as the file grows. */
export class ProviderLog {
  readonly #file: FileHandle;
  readonly #tasks = new Set<string>();
  readonly #readings: TaskReading[] = [];
  #offset = 0;
  #unfinished: Buffer = Buffer.alloc(0);

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<ProviderLog> {
    return new ProviderLog(await open(path, 'r'));
  }

  /** How many tasks the provider has accepted. */
  get tasks(): number {
    return this.#tasks.size;
  }

  /** In the order of their time. */
  get readings(): readonly TaskReading[] {
    return this.#readings;
  }

  /** Takes in what was written since the last call. */
  async refresh(): Promise<void> {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await this.#file.read(chunk, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#take(Buffer.concat([this.#unfinished, chunk.subarray(0, bytesRead)]));
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #take(bytes: Buffer): void {
    const end = bytes.lastIndexOf('\n') + 1;
    this.#unfinished = bytes.subarray(end);
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      if (line !== '') this.#note(JSON.parse(line) as LogEntry);
    }
  }

  #note({ kind, taskId, at }: LogEntry): void {
    if (taskId === undefined) return;
    if (kind === 'create') this.#tasks.add(taskId);
    if (kind === 'read') this.#readings.push({ taskId, atMs: Date.parse(at) });
  }
}
