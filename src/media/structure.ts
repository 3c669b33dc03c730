import type { InspectMedia, MediaInspection } from '../core/media.ts';
import { ByteSource, Look } from './byte-source.ts';
import { broken } from './findings.ts';
import { inspectGif } from './gif.ts';
import { inspectJpeg } from './jpeg.ts';
import { inspectMatroska } from './matroska.ts';
import { inspectMp3 } from './mp3.ts';
import { inspectMp4 } from './mp4.ts';
import { inspectOgg } from './ogg.ts';
import { inspectPng } from './png.ts';
import { inspectWav } from './wav.ts';
import { inspectWebp } from './webp.ts';

type Inspector = (source: ByteSource) => Promise<MediaInspection>;

interface Container {
  readonly isHere: (head: Look) => boolean;
  readonly inspect: Inspector;
}

const HEAD_BYTES = 64;

/** A head that is shorter than {@link HEAD_BYTES} reads as if zeros followed. */
const CONTAINERS: readonly Container[] = [
  { isHere: (head) => head.text(4, 4) === 'ftyp', inspect: inspectMp4 },
  { isHere: (head) => head.text(0, 8) === '\x89PNG\r\n\x1a\n', inspect: inspectPng },
  { isHere: (head) => head.text(0, 3) === '\xff\xd8\xff', inspect: inspectJpeg },
  { isHere: (head) => isRiff(head, 'WEBP'), inspect: inspectWebp },
  { isHere: (head) => isRiff(head, 'WAVE'), inspect: inspectWav },
  { isHere: (head) => /^GIF8[79]a/.test(head.text(0, 6)), inspect: inspectGif },
  { isHere: (head) => head.uint32(0) === 0x1a45dfa3, inspect: inspectMatroska },
  { isHere: (head) => head.text(0, 4) === 'OggS', inspect: inspectOgg },
  {
    isHere: (head) => head.text(0, 3) === 'ID3' || (head.uint16(0) & 0xffe6) === 0xffe2,
    inspect: inspectMp3,
  },
];

/**
 * Says whether a file is one whole media file, and which, from its structure alone: headers, checksums of PNG, and the
 * scans of JPEG. Memory is flat. It sees a cut at any byte and bytes that were appended, and damage inside a PNG. What
 * it cannot see:
 *
 * - a cut exactly between two parts of a container that does not tell how many there are: fragments of an MP4 and the
 *   index after them, clusters of a live WebM, frames of an MP3 without an encoder's tag, the ID3v1 tag of an MP3;
 * - bytes that continue such a container by its own rules: a second MP3 after one without that tag, a further Ogg
 *   stream, anything after an `mdat` box that reaches to the end of the file by its own word;
 * - damage inside a container without checksums: only decoding sees it.
 *
 * Refused although other programs may show them: padding after an image, an APE tag after an MP3, a WAV whose sizes were
 * left open, containers that are not in the list (AVIF, FLAC, AVI, MPEG-TS).
 */
export const inspectMedia: InspectMedia = async (bytes, signal) => {
  if (bytes.sizeBytes === 0) return broken('empty', 'the file has no bytes');
  const source = new ByteSource(bytes, signal);
  const headBytes = await source.look(0, Math.min(HEAD_BYTES, bytes.sizeBytes));
  if (headBytes === undefined) return broken('truncated', 'the file is shorter than it says');
  const head = padded(headBytes);
  const container = CONTAINERS.find(({ isHere }) => isHere(head));
  return container === undefined ? describeOther(head, bytes.sizeBytes) : container.inspect(source);
};

function isRiff(head: Look, form: string): boolean {
  return head.text(0, 4) === 'RIFF' && head.text(8, 4) === form;
}

function padded(head: Look): Look {
  const bytes = new Uint8Array(HEAD_BYTES);
  bytes.set(head.bytes);
  return new Look(bytes);
}

function describeOther(head: Look, sizeBytes: number): MediaInspection {
  const size = `${String(sizeBytes)} bytes`;
  const text = head
    .text(0, HEAD_BYTES)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  if (text.startsWith('<')) return broken('html', `markup (HTML or XML) of ${size}, not media`);
  if (/^[[{]/.test(text)) return broken('json', `a JSON text of ${size}, not media`);
  const start = Buffer.from(head.bytes.subarray(0, Math.min(8, sizeBytes))).toString('hex');
  return broken('unrecognised', `${size} that begin with ${start}: no known media container`);
}
