import type { MediaInspection } from '../core/media.ts';
import type { ByteSource, Look } from './byte-source.ts';
import { broken, toSeconds, whole } from './findings.ts';

const PAGE_HEAD_BYTES = 27;
const IDENTIFICATION_BYTES = 19;
const BEGIN_OF_STREAM = 0x02;
const END_OF_STREAM = 0x04;
const OPUS_RATE = 48_000;
const NO_POSITION = 0xffff_ffff_ffff_ffffn;

/** Ogg (RFC 3533): pages fill the file, and each stream that begins ends. */
export async function inspectOgg(source: ByteSource): Promise<MediaInspection> {
  let position = 0n;
  const open = new Set<number>();
  let isEnded = false;
  let codec: Codec | undefined;
  for (let offset = 0; offset < source.sizeBytes;) {
    const head = await source.look(offset, PAGE_HEAD_BYTES);
    if (head === undefined || head.text(0, 4) !== 'OggS') {
      if (isEnded) return broken('trailing_bytes', `no page at byte ${String(offset)}`);
      return broken(
        head === undefined ? 'truncated' : 'corrupt',
        `no page at byte ${String(offset)}`,
      );
    }
    const table = await source.look(offset + PAGE_HEAD_BYTES, head.uint8(26));
    if (table === undefined) return broken('truncated', 'the last page is cut');
    const dataOffset = offset + PAGE_HEAD_BYTES + table.bytes.length;
    codec ??= toCodec(await source.look(dataOffset, IDENTIFICATION_BYTES));
    const granule = head.uint64le(6);
    if (granule !== NO_POSITION && granule > position) position = granule;
    if ((head.uint8(5) & BEGIN_OF_STREAM) !== 0) open.add(head.uint32le(14));
    if ((head.uint8(5) & END_OF_STREAM) !== 0) open.delete(head.uint32le(14));
    isEnded = open.size === 0;
    offset = dataOffset + table.bytes.reduce((sum, length) => sum + length, 0);
    if (offset > source.sizeBytes) return broken('truncated', 'the last page is cut');
  }
  if (!isEnded) return broken('truncated', 'a stream has no last page');
  if (codec === undefined) return broken('corrupt', 'the first page identifies no codec');
  if (codec.rate === undefined) {
    return whole({ kind: 'video', mediaType: 'video/ogg', extension: 'ogv' }, {});
  }
  const durationSeconds = toSeconds(Number(position) - codec.skipped, codec.rate);
  return whole({ kind: 'audio', mediaType: 'audio/ogg', extension: 'ogg' }, { durationSeconds });
}

interface Codec {
  /** Positions per second; `undefined` for video, whose positions are not read. */
  readonly rate: number | undefined;
  /** Positions before the first sound. */
  readonly skipped: number;
}

function toCodec(head: Look | undefined): Codec | undefined {
  if (head === undefined) return undefined;
  if (head.text(0, 8) === 'OpusHead') return { rate: OPUS_RATE, skipped: head.uint16le(10) };
  if (head.text(1, 6) === 'vorbis') return { rate: head.uint32le(12), skipped: 0 };
  if (head.text(1, 6) === 'theora') return { rate: undefined, skipped: 0 };
  return undefined;
}
