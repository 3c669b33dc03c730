import type { MediaInspection } from '../core/media.ts';
import type { ByteSource, Look } from './byte-source.ts';
import { readElement, type Element } from './ebml.ts';
import type { Broken } from './findings.ts';
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

/** What stands in a segment: SeekHead, Info, Tracks, Cluster, Cues, Chapters, Attachments, Tags, Void, CRC-32. */
const IN_SEGMENT = new Set<number>([
  ...[0x114d9b74, ID.info, ID.tracks, ID.cluster, 0x1c53bb6b, 0x1043a770, 0x1941a469, 0x1254c367],
  ...[0xec, 0xbf],
]);
/** What stands in a cluster: Timestamp, SimpleBlock, BlockGroup, PrevSize, Position, EncryptedBlock, SilentTracks. */
const IN_CLUSTER = new Set<number>([0xe7, 0xa3, 0xa0, 0xab, 0xa7, 0xaf, 0x5854, 0xec, 0xbf]);
/** Elements whose children hold the facts. */
const FOLDERS = new Set<number>([ID.info, ID.tracks, ID.trackEntry, ID.video]);
/** Of an element's head: id and size. */
const MAX_HEAD_BYTES = 12;
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
  const wrongPart = await walk(source, segment.dataOffset, facts);
  if (wrongPart !== undefined) return wrongPart;
  const unitsPerSecond = 1e9 / facts.timestampScale;
  return whole(toLabel(isWebm, facts.hasVideo), {
    width: facts.width,
    height: facts.height,
    durationSeconds: toSeconds(facts.duration, unitsPerSecond),
  });
}

/** Goes through the elements of the segment up to the end of the file. */
async function walk(source: ByteSource, start: number, facts: Facts): Promise<Broken | undefined> {
  let hasCluster = false;
  // A live recording leaves sizes open: its clusters end where something stands that is no part of one.
  let isInOpenCluster = false;
  for (let offset = start; offset < source.sizeBytes;) {
    const element = await readElement(source, offset);
    const isPart = isInOpenCluster && element !== undefined && IN_CLUSTER.has(element.id);
    if (element === undefined || !(isPart || IN_SEGMENT.has(element.id))) {
      return describeGap(source, offset, hasCluster);
    }
    if (!isPart) isInOpenCluster = element.id === ID.cluster && element.end === undefined;
    hasCluster ||= element.id === ID.cluster;
    if (element.end === undefined && !isInOpenCluster) {
      return broken('corrupt', `the element at byte ${String(offset)} has no size`);
    }
    const end = element.end ?? element.dataOffset;
    if (end > source.sizeBytes) return broken('truncated', 'the last element is cut');
    if (FOLDERS.has(element.id)) await collect(source, element, facts);
    offset = end;
  }
  return hasCluster ? undefined : broken('truncated', 'there is no cluster of frames');
}

/** The file ends inside the head of an element, or what follows is none. */
async function describeGap(
  source: ByteSource,
  offset: number,
  hasCluster: boolean,
): Promise<Broken> {
  const where = `no element at byte ${String(offset)}`;
  const rest = source.sizeBytes - offset;
  const start = await source.look(offset, Math.min(rest, MAX_HEAD_BYTES));
  const first = start?.uint8(0) ?? 0;
  const mayBegin = [...IN_SEGMENT, ...IN_CLUSTER].some((id) => firstByte(id) === first);
  if (rest < MAX_HEAD_BYTES && mayBegin) return broken('truncated', where);
  return hasCluster ? broken('trailing_bytes', where) : broken('corrupt', where);
}

function firstByte(id: number): number {
  return Number(`0x${id.toString(16).slice(0, 2)}`);
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
