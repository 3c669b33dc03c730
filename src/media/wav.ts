import type { MediaInspection } from '../core/media.ts';
import type { ByteSource } from './byte-source.ts';
import { broken, toSeconds, whole } from './findings.ts';
import { isBroken, readChunks } from './riff.ts';

const LABEL = { kind: 'audio', mediaType: 'audio/wav', extension: 'wav' } as const;
const FORMAT_BYTES = 16;

/** WAVE: a format chunk and a data chunk inside a RIFF file. */
export async function inspectWav(source: ByteSource): Promise<MediaInspection> {
  const chunks = await readChunks(source);
  if (isBroken(chunks)) return chunks;
  const format = chunks.find((chunk) => chunk.name === 'fmt ');
  const data = chunks.find((chunk) => chunk.name === 'data');
  const head = format === undefined ? undefined : await source.look(format.offset, FORMAT_BYTES);
  if (head === undefined || data === undefined) {
    return broken('corrupt', 'a format or a data chunk is missing');
  }
  return whole(LABEL, { durationSeconds: toSeconds(data.sizeBytes, head.uint32le(8)) });
}
