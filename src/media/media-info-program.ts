import type { default as createMediaInfo, MediaInfoResult } from 'mediainfo.js';

/** One track of a file, as mediainfo names its facts. */
export type Track = Readonly<Partial<Record<TrackNumber, number>>> & {
  /** `General`, `Video`, `Audio`, `Image` and others. */
  readonly type: string;
  readonly format: string | undefined;
  readonly isTruncated: boolean;
  readonly isNonconforming: boolean;
};

export const TRACK_NUMBERS = [
  'Width',
  'Height',
  'PixelAspectRatio',
  'Duration',
  'FrameRate',
  'FrameCount',
] as const;
type TrackNumber = (typeof TRACK_NUMBERS)[number];

export interface ProgramOptions {
  /** File of the library. */
  readonly library: string;
  /** At most so many bytes are asked for at once. */
  readonly chunkBytes: number;
  readonly numbers: typeof TRACK_NUMBERS;
}

/** To the program: a file to look at, then the bytes it asked for. A file with a path it reads itself. */
export type Question =
  | { readonly sizeBytes: number; readonly path: string | undefined }
  | { readonly bytes: Uint8Array };

/** From the program. */
export type Reply =
  | { readonly offset: number; readonly length: number }
  | { readonly tracks: readonly Track[] }
  | { readonly failed: true };

/**
 * The program of the process that reads with mediainfo. It travels there as text: it may name nothing but globals,
 * its argument and what it declares itself.
 */
export function serveMediaInfo({ library, chunkBytes, numbers }: ProgramOptions): void {
  type Library = { readonly default: typeof createMediaInfo };
  type AnyTrack = NonNullable<MediaInfoResult['media']>['track'][number];
  const maxTracks = 50;
  const modules = process.getBuiltinModule('node:module');
  const files = process.getBuiltinModule('node:fs');
  const chunk = new Uint8Array(chunkBytes);
  const mediaInfo = modules.createRequire(library)(library) as Library;
  const instance = mediaInfo.default({ format: 'object', chunkSize: chunkBytes });
  let takeBytes: ((bytes: Uint8Array) => void) | undefined;

  const send = (reply: Reply): void => {
    process.send?.(reply);
  };
  const ask = (length: number, offset: number): Promise<Uint8Array> =>
    new Promise((resolve) => {
      takeBytes = resolve;
      send({ offset, length });
    });
  const describe = (track: AnyTrack): Track => {
    const facts = track as unknown as Readonly<Record<string, unknown>>;
    const extra = (facts['extra'] ?? {}) as Readonly<Record<string, unknown>>;
    const format = facts['Format'];
    const measures = numbers.flatMap((name) =>
      typeof facts[name] === 'number' ? [[name, facts[name]] as const] : [],
    );
    return {
      type: track['@type'],
      format: typeof format === 'string' ? format : undefined,
      isTruncated: extra['IsTruncated'] === 'Yes',
      isNonconforming: extra['ConformanceErrors'] !== undefined,
      ...(Object.fromEntries(measures) as Partial<Record<TrackNumber, number>>),
    };
  };
  const analyse = async (sizeBytes: number, path: string | undefined): Promise<Reply> => {
    const file = path === undefined ? undefined : files.openSync(path, 'r');
    const readFile = (length: number, offset: number): Uint8Array =>
      chunk.subarray(0, files.readSync(file ?? -1, chunk, 0, length, offset));
    try {
      const read = file === undefined ? ask : readFile;
      const { media } = await (await instance).analyzeData(sizeBytes, read);
      return { tracks: (media?.track ?? []).slice(0, maxTracks).map(describe) };
    } finally {
      if (file !== undefined) files.closeSync(file);
    }
  };

  process.on('message', (question: Question) => {
    if ('bytes' in question) {
      takeBytes?.(question.bytes);
      return;
    }
    analyse(question.sizeBytes, question.path).then(send, () => send({ failed: true }));
  });
}
