import type { MediaInspection } from '../core/media.ts';
import type { Box } from './boxes.ts';
import { readBox } from './boxes.ts';
import type { ByteSource } from './byte-source.ts';
import type { Broken } from './findings.ts';
import { broken, whole } from './findings.ts';
import { readMovie } from './mp4-movie.ts';
import { findEndOfSamples } from './mp4-samples.ts';

/** Types that stand at the top of a file: a head that says something else is no box. */
const TOP_LEVEL = new Set(
  'ftyp styp moov mdat free skip wide moof mfra sidx ssix uuid meta udta emsg prft pdin pnot imda'.split(
    ' ',
  ),
);
const ONCE = new Set(['ftyp', 'moov']);
/** As many as two days of fragments have; a file of nothing but boxes would fill the memory. */
const MAX_BOXES = 200_000;
const QUICKTIME = 'qt  ';

/** MP4 and QuickTime: top-level boxes fill the file exactly, `ftyp` first, with `moov` and media data. */
export async function inspectMp4(source: ByteSource): Promise<MediaInspection> {
  const boxes = await readTopLevel(source);
  if ('outcome' in boxes) return boxes;
  const moov = boxes.find((box) => box.type === 'moov');
  if (moov === undefined && boxes.some((box) => box.type === 'meta')) {
    return broken('unrecognised', 'an image of the HEIF family, e.g. AVIF, not a movie');
  }
  if (moov === undefined) {
    return broken('truncated', 'there is no moov box: the file has no index of its media');
  }
  if (boxes.findLastIndex(isFragment) > boxes.findLastIndex(isMediaData)) {
    return broken('truncated', 'the last fragment has no media data');
  }
  if (!boxes.some(isMediaData)) return broken('truncated', 'there is no media data (mdat)');
  if (
    boxes.some((box) => box.isOpen) &&
    (await findEndOfSamples(source, moov)) > source.sizeBytes
  ) {
    return broken('truncated', 'the last samples lie beyond the end of the file');
  }

  const movie = await readMovie(source, moov, boxes.filter(isFragment));
  if (movie === undefined) return broken('corrupt', 'the moov box names no video and no sound');
  const brand = (await source.look(8, 4))?.text(0, 4);
  const { kind, ...measures } = movie;
  if (kind === 'audio') {
    return whole({ kind, mediaType: 'audio/mp4', extension: 'm4a' }, measures);
  }
  return brand === QUICKTIME
    ? whole({ kind, mediaType: 'video/quicktime', extension: 'mov' }, measures)
    : whole({ kind, mediaType: 'video/mp4', extension: 'mp4' }, measures);
}

function isMediaData(box: Box): boolean {
  return box.type === 'mdat' || box.type === 'imda';
}

function isFragment(box: Box): boolean {
  return box.type === 'moof';
}

async function readTopLevel(source: ByteSource): Promise<readonly Box[] | Broken> {
  const boxes: Box[] = [];
  for (let offset = 0; offset < source.sizeBytes;) {
    const box = await readBox(source, offset, source.sizeBytes);
    if (box === undefined || !TOP_LEVEL.has(box.type)) return describeGap(boxes, offset, source);
    if (box.end > source.sizeBytes) {
      return broken(
        'truncated',
        `box ${box.type} should end at byte ${String(box.end)}, the file ends at ${String(source.sizeBytes)}`,
      );
    }
    if (ONCE.has(box.type) && boxes.some(({ type }) => type === box.type)) {
      return broken('trailing_bytes', `another file begins at byte ${String(offset)}`);
    }
    if (boxes.length === MAX_BOXES) return broken('corrupt', 'there are too many boxes');
    boxes.push(box);
    offset = box.end;
  }
  return boxes;
}

/** What is no box is appended where the movie is complete, and a cut or damage where it is not. */
function describeGap(boxes: readonly Box[], offset: number, source: ByteSource): Broken {
  const isComplete = boxes.some((box) => box.type === 'moov') && boxes.some(isMediaData);
  const rest = source.sizeBytes - offset;
  const where = `${String(rest)} bytes at byte ${String(offset)} are no box`;
  if (isComplete) return broken('trailing_bytes', where);
  return broken(rest < 8 ? 'truncated' : 'corrupt', where);
}
