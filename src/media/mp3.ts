import type { MediaInspection } from '../core/media.ts';
import type { ByteSource, Look } from './byte-source.ts';
import { broken, toSeconds, whole } from './findings.ts';

const LABEL = { kind: 'audio', mediaType: 'audio/mpeg', extension: 'mp3' } as const;
const ID3V1_BYTES = 128;
const FRAME_HEAD_BYTES = 4;

/** Kilobits per second of layer III, by index: version 1, and versions 2 and 2.5. */
const BIT_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const SAMPLE_RATES = [44_100, 48_000, 32_000] as const;

interface Frame {
  readonly sizeBytes: number;
  readonly samples: number;
  readonly sampleRate: number;
}

/** MPEG audio layer III: frames fill the file between an ID3v2 tag and an ID3v1 tag, both optional. */
export async function inspectMp3(source: ByteSource): Promise<MediaInspection> {
  const end = source.sizeBytes - (await trailingTagBytes(source));
  let samples = 0;
  let announcedSamples = 0;
  let sampleRate = 0;
  for (let offset = await leadingTagBytes(source); offset < end;) {
    const head = await source.look(offset, FRAME_HEAD_BYTES);
    const frame = head === undefined ? undefined : toFrame(head);
    if (frame === undefined) {
      if (await isCutOff(source, offset)) return broken('truncated', 'the last part is cut');
      const where = `no frame at byte ${String(offset)}`;
      return samples > 0 ? broken('trailing_bytes', where) : broken('unrecognised', where);
    }
    if (offset + frame.sizeBytes > end) return broken('truncated', 'the last frame is cut');
    const tag = samples === 0 ? await readEncoderTag(source, offset, frame) : undefined;
    if (tag === undefined) samples += frame.samples;
    else announcedSamples = tag.frames * frame.samples;
    sampleRate = frame.sampleRate;
    offset += frame.sizeBytes;
  }
  if (samples < announcedSamples)
    return broken('truncated', 'there are fewer frames than announced');
  if (samples === 0) return broken('truncated', 'there is no frame');
  return whole(LABEL, { durationSeconds: toSeconds(samples, sampleRate) });
}

/** Whether the file ends inside something that may stand here: the head of a frame, or an ID3v1 tag. */
async function isCutOff(source: ByteSource, offset: number): Promise<boolean> {
  const rest = source.sizeBytes - offset;
  const look = await source.look(offset, Math.min(rest, FRAME_HEAD_BYTES));
  if (look === undefined) return false;
  const start = look.text(0, Math.min(rest, 3));
  if (rest < ID3V1_BYTES && 'TAG'.startsWith(start)) return true;
  const [first, second = 0xe2] = look.bytes;
  return rest < FRAME_HEAD_BYTES && first === 0xff && (second & 0xe6) === 0xe2;
}

async function leadingTagBytes(source: ByteSource): Promise<number> {
  const head = await source.look(0, 10);
  if (head?.text(0, 3) !== 'ID3') return 0;
  const size = [6, 7, 8, 9].reduce((sum, index) => sum * 128 + head.uint8(index), 0);
  const footerBytes = (head.uint8(5) & 0x10) === 0 ? 0 : 10;
  return 10 + size + footerBytes;
}

async function trailingTagBytes(source: ByteSource): Promise<number> {
  const tag = await source.look(source.sizeBytes - ID3V1_BYTES, 3);
  return tag?.text(0, 3) === 'TAG' ? ID3V1_BYTES : 0;
}

/**
 * Encoders write their own facts into a first frame that is not played: among them, if the flag says so, how many
 * frames follow it. `undefined`: this is a frame like any other.
 */
async function readEncoderTag(
  source: ByteSource,
  offset: number,
  frame: Frame,
): Promise<{ readonly frames: number } | undefined> {
  const look = await source.look(offset, Math.min(frame.sizeBytes, ENCODER_TAG_BYTES));
  const tagOffset = look?.text(0, look.bytes.length).search(/Xing|Info/) ?? -1;
  if (look === undefined || tagOffset < 0 || tagOffset + 12 > look.bytes.length) return undefined;
  const hasFrames = (look.uint32(tagOffset + 4) & 1) !== 0;
  return { frames: hasFrames ? look.uint32(tagOffset + 8) : 0 };
}

const ENCODER_TAG_BYTES = 64;

function toFrame(head: Look): Frame | undefined {
  const bits = head.uint32(0);
  const isLayer3 = (bits & 0xffe60000) >>> 0 === 0xffe20000;
  const version = (bits >>> 19) & 3;
  const rate = SAMPLE_RATES[(bits >>> 10) & 3];
  const kilobits = BIT_RATES[version === 3 ? 0 : 1][(bits >>> 12) & 15];
  if (!isLayer3 || version === 1 || rate === undefined || !kilobits) return undefined;
  const sampleRate = version === 3 ? rate : version === 2 ? rate / 2 : rate / 4;
  const samples = version === 3 ? 1152 : 576;
  const padding = (bits >>> 9) & 1;
  const sizeBytes = Math.floor(((samples / 8) * kilobits * 1000) / sampleRate) + padding;
  return { sizeBytes, samples, sampleRate };
}
