import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RequestError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { collect, toNumber } from './parse-options.ts';
import type { Terminal } from './terminal.ts';

/** The canonical fields as options, by the names that commander gives them. */
export interface RequestFlags {
  readonly prompt?: string;
  readonly durationSeconds?: number;
  readonly resolution?: string;
  readonly aspectRatio?: string;
  readonly size?: string;
  readonly imageUrl?: readonly string[];
  readonly videoUrl?: string;
  readonly audio?: boolean;
  readonly watermark?: boolean;
  readonly seed?: number;
  readonly count?: number;
  readonly negativePrompt?: string;
  readonly extra?: readonly string[];
  readonly request?: string;
}

export function addRequestFlags(command: Command): Command {
  return command
    .option('--prompt <text>', 'what to generate')
    .option('--duration-seconds <seconds>', 'length of the video', toNumber)
    .option('--resolution <tier>', 'e.g. 720P')
    .option('--aspect-ratio <ratio>', 'e.g. 16:9')
    .option('--size <pixels>', 'e.g. 1024x1024')
    .option('--image-url <url>', 'a reference image (repeatable)', collect)
    .option('--video-url <url>', 'the video to work on')
    .option('--audio', 'with sound')
    .option('--no-audio', 'without sound')
    .option('--watermark', 'with the provider’s watermark')
    .option('--no-watermark', 'without the provider’s watermark')
    .option('--seed <number>', 'makes the result repeatable, where the model can', toNumber)
    .option('--count <number>', 'how many outputs', toNumber)
    .option('--negative-prompt <text>', 'what to avoid')
    .option(
      '--extra <key=value>',
      'a field of the API’s own, JSON if it parses (repeatable)',
      collect,
    )
    .option(
      '--request <file>',
      'the whole request as a JSON file, or - for stdin; options win over it',
    );
}

/**
 * The request that a command line means, unchecked: the file of `--request`, then model and options over it.
 * Throws `request.invalid` for a file that cannot be read or is no JSON object.
 */
export async function toRequestValue(
  model: string | undefined,
  flags: RequestFlags,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const base = flags.request === undefined ? {} : await readRequest(flags.request, terminal);
  const { extra, imageUrl } = flags;
  return {
    ...base,
    ...pickFields(flags),
    ...(imageUrl === undefined ? {} : { imageUrls: imageUrl }),
    ...(extra === undefined ? {} : { extra: { ...toObject(base['extra']), ...toExtra(extra) } }),
    ...(model === undefined ? {} : { model }),
  };
}

/** Options that are fields under the same name. */
const FIELDS = [
  'prompt',
  'durationSeconds',
  'resolution',
  'aspectRatio',
  'size',
  'videoUrl',
  'audio',
  'watermark',
  'seed',
  'count',
  'negativePrompt',
] as const satisfies readonly (keyof RequestFlags)[];

/** Options of the command that are not part of a request stay out of it. */
function pickFields(flags: RequestFlags): RequestFlags {
  return Object.fromEntries(
    FIELDS.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]),
  );
}

async function readRequest(
  file: string,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const name = file === '-' ? 'stdin' : file;
  const text = file === '-' ? await terminal.readStdin() : readFile(resolve(terminal.cwd, file));
  const value = parseJson(text, name);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestError('request.invalid', `${name}: must hold one JSON object, the request`);
  }
  return toObject(value);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new RequestError(
      'request.invalid',
      `--request (${JSON.stringify(path)}): cannot be read`,
      {
        cause: error,
      },
    );
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestError('request.invalid', `${name}: is not valid JSON`, { cause: error });
  }
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function toExtra(pairs: readonly string[]): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) {
        throw new RequestError(
          'request.invalid',
          `--extra (${JSON.stringify(pair)}): must be key=value`,
        );
      }
      return [pair.slice(0, at), toValue(pair.slice(at + 1))];
    }),
  );
}

function toValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
