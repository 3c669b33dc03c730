import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import type { Broken } from './findings.ts';
import { broken } from './findings.ts';

export interface FileToDecode {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
}

export type Decoding =
  Broken | { readonly outcome: 'decoded' | 'undecided'; readonly doubts: readonly string[] };

const BASE_TIMEOUT_MS = 60_000;
/** A video of 4 MiB lasts some seconds; one processor decodes it faster than it plays. */
const TIMEOUT_MS_PER_MIB = 5_000;
const MAX_OUTPUT_CHARACTERS = 4_096;
/** Four times as many as 8K has: a picture takes four bytes of memory for each. */
const MAX_PIXELS = String(2 ** 27);

/** How ffmpeg calls the reader of each container. It is named, so that content cannot choose another, e.g. a playlist. */
const READERS: Readonly<Record<string, string>> = {
  'video/mp4': 'mov',
  'audio/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/webm': 'matroska',
  'audio/webm': 'matroska',
  'video/x-matroska': 'matroska',
  'audio/x-matroska': 'matroska',
  'image/png': 'png_pipe',
  'image/jpeg': 'jpeg_pipe',
  'image/webp': 'webp_pipe',
  'image/gif': 'gif',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg',
  'video/ogg': 'ogg',
};

/** What this ffmpeg is not able to read, or not allowed to, says nothing about the file. */
const UNABLE =
  /unknown decoder|decoder .*not found|no decoder|unknown input format|unrecognized option|cannot allocate|not implemented|max pixel count|image data not found/i;
/** Trouble of the output, which is nowhere. */
const OF_OUTPUT = /^\[null @/;

/**
 * Decodes every picture and sound of a file with ffmpeg. Broken (`corrupt`) where ffmpeg reports an error of the data;
 * undecided where it cannot be run, lacks a decoder or takes too long. Ended with the signal, whose reason is thrown.
 */
export async function decodeAll(
  ffmpeg: string,
  file: FileToDecode,
  signal?: AbortSignal,
): Promise<Decoding> {
  signal?.throwIfAborted();
  const reader = READERS[file.mediaType];
  if (reader === undefined) return undecided(`it has no reader for ${file.mediaType}`);
  const timeoutMs = BASE_TIMEOUT_MS + Math.ceil(file.sizeBytes / 2 ** 20) * TIMEOUT_MS_PER_MIB;
  const run = await runFfmpeg(ffmpeg, toParameters(reader, file.path), timeoutMs, signal);
  signal?.throwIfAborted();
  if (run.outcome !== 'exited') return undecided(run.why);
  const lines = run.output
    .split('\n')
    .filter((line) => line.trim() !== '' && !OF_OUTPUT.test(line));
  if (run.exitCode === 0 && lines.length === 0) return { outcome: 'decoded', doubts: [] };
  const [first] = lines;
  if (first === undefined) return undecided(`it ended with ${run.exitCode ?? 'a signal'}`);
  if (UNABLE.test(first)) return undecided('it is not able to decode such a file');
  return broken('corrupt', `ffmpeg decodes the file with errors, the first in ${toPart(first)}`);
}

function undecided(why: string): Decoding {
  return { outcome: 'undecided', doubts: [`ffmpeg could not check the file: ${why}`] };
}

/** Which part of ffmpeg speaks. What it says may hold the path, or content. */
function toPart(line: string): string {
  return /^\[([\w,/:#]{1,40}) @ /.exec(line)?.[1] ?? 'its reader';
}

function toParameters(reader: string, path: string): readonly string[] {
  return [
    ...['-v', 'error', '-xerror', '-nostdin', '-protocol_whitelist', 'file'],
    ...['-threads', '1', '-max_pixels', MAX_PIXELS, '-f', reader, '-i', `file:${path}`],
    ...['-map', '0:v?', '-map', '0:a?', '-f', 'null', '-'],
  ];
}

type Run =
  | { readonly outcome: 'exited'; readonly exitCode: number | null; readonly output: string }
  | { readonly outcome: 'not_started' | 'timeout'; readonly why: string };

/** Knows no environment: a program that reads what others made has no use for secrets. */
async function runFfmpeg(
  ffmpeg: string,
  parameters: readonly string[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Run> {
  const child = spawn(ffmpeg, parameters, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): boolean => child.kill('SIGKILL');
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([timeout, ...(signal === undefined ? [] : [signal])]);
  stop.addEventListener('abort', kill, { once: true });
  try {
    const run = await untilClosed(child);
    if (run.outcome === 'exited' && timeout.aborted) {
      return { outcome: 'timeout', why: `it took more than ${Math.round(timeoutMs / 1000)} s` };
    }
    return run;
  } finally {
    stop.removeEventListener('abort', kill);
  }
}

async function untilClosed(child: ChildProcess): Promise<Run> {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = `${output}${text}`.slice(0, MAX_OUTPUT_CHARACTERS);
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve({ outcome: 'not_started', why: 'it cannot be started' }));
    child.once('close', (exitCode) => resolve({ outcome: 'exited', exitCode, output }));
  });
}
