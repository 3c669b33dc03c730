import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';

import type { MediaBytes } from '../core/media.ts';
import type { ProgramOptions, Question, Reply, Track } from './media-info-program.ts';
import { serveMediaInfo, TRACK_NUMBERS } from './media-info-program.ts';

export type Analysis =
  | { readonly outcome: 'analysed'; readonly tracks: readonly Track[] }
  | { readonly outcome: 'failed'; readonly reason: string };

export interface MediaInfoOptions {
  /** Milliseconds for one file. */
  readonly timeoutMs?: number;
  /** Milliseconds without work until the process ends. */
  readonly idleMs?: number;
  /** Source of the program. */
  readonly program?: string;
}

const TIMEOUT_MS = 10_000;
const IDLE_MS = 10_000;
const CHUNK_BYTES = 64 * 1024;

/** Small heaps and no spare threads: the library itself needs 45 MiB. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=64', '--v8-pool-size=0'];

/**
 * Reads facts of files with mediainfo, one file after the other, in a process of its own: a parser that loops on a
 * hostile file can only be ended from outside, and its memory goes with it. The process starts with the first file,
 * knows no environment, and ends when there is nothing to do.
 */
export class MediaInfo {
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #program: string | undefined;
  #process: MediaInfoProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor({ timeoutMs = TIMEOUT_MS, idleMs = IDLE_MS, program }: MediaInfoOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#idleMs = idleMs;
    this.#program = program;
  }

  /** Throws what the reader throws, and the signal's reason. */
  async analyse(bytes: MediaBytes, signal?: AbortSignal): Promise<Analysis> {
    const turn = this.#last.then(() => this.#take(bytes, signal));
    this.#last = turn.catch(() => undefined);
    return signal === undefined ? turn : before(signal, turn);
  }

  async #take(bytes: MediaBytes, signal: AbortSignal | undefined): Promise<Analysis> {
    signal?.throwIfAborted();
    clearTimeout(this.#idle);
    const program = this.#start();
    if (program === undefined) return failed('its process cannot be started');
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const others = signal === undefined ? [] : [signal];
    try {
      const stop = AbortSignal.any([program.ended, timeout, ...others]);
      const analysis = await program.analyse(bytes, stop);
      // After an error nobody knows in which state the library is.
      if (analysis.outcome === 'failed') this.#end();
      else this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref();
      return analysis;
    } catch (error) {
      this.#end();
      signal?.throwIfAborted();
      if (timeout.aborted) return failed(`it took more than ${this.#timeoutMs} ms`);
      if (program.ended.aborted) return failed('its process ended');
      throw error;
    }
  }

  #start(): MediaInfoProcess | undefined {
    if (this.#process?.ended.aborted === false) return this.#process;
    try {
      this.#process = new MediaInfoProcess(this.#program ?? toProgram());
      return this.#process;
    } catch {
      return undefined;
    }
  }

  #end(): void {
    this.#process?.kill();
    this.#process = undefined;
  }
}

/** Throws where the library is not installed. */
function toProgram(): string {
  const library = createRequire(import.meta.url).resolve('mediainfo.js');
  const options: ProgramOptions = { library, chunkBytes: CHUNK_BYTES, numbers: TRACK_NUMBERS };
  return `(${serveMediaInfo.toString()})(${JSON.stringify(options)})`;
}

function failed(reason: string): Analysis {
  return { outcome: 'failed', reason };
}

class MediaInfoProcess {
  readonly #child: ChildProcess;
  readonly #ended = new AbortController();

  constructor(program: string) {
    this.#child = spawn(process.execPath, [...NODE_FLAGS, '-e', program], {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    const end = (): void => this.#ended.abort();
    this.#child.once('error', end).once('disconnect', end);
    this.#hold(false);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Rejects when `stop` is aborted, and with what the reader throws. */
  async analyse(bytes: MediaBytes, stop: AbortSignal): Promise<Analysis> {
    this.#hold(true);
    try {
      let reply = await this.#ask({ sizeBytes: bytes.sizeBytes, path: bytes.path }, stop);
      while ('offset' in reply) {
        if (!isReadable(reply)) return failed('it asks for bytes that no file has');
        const piece = await before(stop, bytes.read(reply.offset, reply.length));
        reply = await this.#ask({ bytes: piece }, stop);
      }
      if ('failed' in reply) return failed('it reports an error');
      return { outcome: 'analysed', tracks: reply.tracks };
    } finally {
      this.#hold(false);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(question: Question, stop: AbortSignal): Promise<Reply> {
    stop.throwIfAborted();
    // A channel that has closed meanwhile is told by `disconnect`.
    this.#child.send(question, () => undefined);
    const [reply] = (await once(this.#child, 'message', { signal: stop })) as [Reply];
    return reply;
  }

  /** Whether this process stays alive for the other. */
  #hold(isHeld: boolean): void {
    const hold = isHeld ? 'ref' : 'unref';
    this.#child[hold]();
    this.#child.channel?.[hold]();
  }
}

function isReadable({ offset, length }: { offset: number; length: number }): boolean {
  return Number.isSafeInteger(offset) && offset >= 0 && length > 0 && length <= CHUNK_BYTES;
}

/** The result, unless `stop` is aborted before it is there. */
async function before<Result>(stop: AbortSignal, work: Promise<Result>): Promise<Result> {
  stop.throwIfAborted();
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(stop.reason as Error);
    stop.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', giveUp));
  });
}
