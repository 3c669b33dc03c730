import type { MediaInspection } from '../core/media.ts';
import type { ByteSource, Look } from './byte-source.ts';
import { readElement, type Element } from './ebml.ts';
import { broken, checkEnd, toSeconds, whole } from './findings.ts';

const ID = {
  docType: 0x4282,
  segment: 0x18538067,
  cluster: 0x1f43b675,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
} as const;

/** Elements whose children hold the facts. */
const FOLDERS = new Set<number>([ID.info, ID.tracks, ID.trackEntry, ID.video]);
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;

interface Facts {
  timestampScale: number;
  duration: number;
  hasVideo: boolean;
  width: number | null;
  height: number | null;
}

/** WebM and Matroska (RFC 9559): an EBML header, and a segment whose size and elements fill the file. */
export async function inspectMatroska(source: ByteSource): Promise<MediaInspection> {
  const header = await readElement(source, 0);
  const segment = header?.end === undefined ? undefined : await readElement(source, header.end);
  if (header?.end === undefined || segment === undefined) {
    return broken('truncated', 'the file ends inside its header');
  }
  if (segment.id !== ID.segment) return broken('corrupt', 'no segment follows the header');
  const isWebm = (await readDocType(source, header)) === 'webm';
  const wrongEnd = checkEnd('the segment', segment.end ?? source.sizeBytes, source.sizeBytes);
  if (wrongEnd !== undefined) return wrongEnd;

  const facts: Facts = {
    timestampScale: DEFAULT_TIMESTAMP_SCALE,
    duration: 0,
    hasVideo: false,
    width: null,
    height: null,
  };
  let hasCluster = false;
  for (let offset = segment.dataOffset; offset < source.sizeBytes;) {
    const element = await readElement(source, offset);
    if (element === undefined) return broken('truncated', `no element at byte ${String(offset)}`);
    hasCluster ||= element.id === ID.cluster;
    // A live recording leaves sizes open: what follows cannot be told from what is missing.
    if (element.end === undefined) break;
    if (element.end > source.sizeBytes) return broken('truncated', 'the last element is cut');
    if (FOLDERS.has(element.id)) await collect(source, element, facts);
    offset = element.end;
  }
  if (!hasCluster) return broken('truncated', 'there is no cluster of frames');
  const unitsPerSecond = 1e9 / facts.timestampScale;
  return whole(toLabel(isWebm, facts.hasVideo), {
    width: facts.width,
    height: facts.height,
    durationSeconds: toSeconds(facts.duration, unitsPerSecond),
  });
}

function toLabel(isWebm: boolean, hasVideo: boolean) {
  const kind = hasVideo ? 'video' : 'audio';
  if (isWebm) return { kind, mediaType: `${kind}/webm`, extension: 'webm' } as const;
  return { kind, mediaType: `${kind}/x-matroska`, extension: hasVideo ? 'mkv' : 'mka' } as const;
}

async function collect(source: ByteSource, parent: Element, facts: Facts): Promise<void> {
  const end = parent.end ?? source.sizeBytes;
  for (let offset = parent.dataOffset; offset < end;) {
    const element = await readElement(source, offset);
    if (element?.end === undefined || element.end > end) return;
    if (FOLDERS.has(element.id)) await collect(source, element, facts);
    else await collectValue(source, element, facts);
    if (element.id === ID.video) facts.hasVideo = true;
    offset = element.end;
  }
}

async function collectValue(source: ByteSource, element: Element, facts: Facts): Promise<void> {
  const length = (element.end ?? element.dataOffset) - element.dataOffset;
  if (length < 1 || length > 8) return;
  const value = await source.look(element.dataOffset, length);
  if (value === undefined) return;
  if (element.id === ID.timestampScale) facts.timestampScale = toUnsigned(value);
  if (element.id === ID.duration && length === 4) facts.duration = value.float32(0);
  if (element.id === ID.duration && length === 8) facts.duration = value.float64(0);
  // The first video track counts.
  if (element.id === ID.pixelWidth) facts.width ??= toUnsigned(value);
  if (element.id === ID.pixelHeight) facts.height ??= toUnsigned(value);
}

function toUnsigned(value: Look): number {
  return value.bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

async function readDocType(source: ByteSource, header: Element): Promise<string | undefined> {
  for (let offset = header.dataOffset; offset < (header.end ?? 0);) {
    const element = await readElement(source, offset);
    if (element?.end === undefined) return undefined;
    if (element.id === ID.docType) {
      const length = Math.min(element.end - element.dataOffset, 32);
      return (await source.look(element.dataOffset, length))?.text(0, length).replace(/\0+$/, '');
    }
    offset = element.end;
  }
  return undefined;
}
