import type { Box } from './boxes.ts';
import { findBox, readChildren } from './boxes.ts';
import type { ByteSource, Look } from './byte-source.ts';
import { toSeconds } from './findings.ts';
import { sumFragments } from './mp4-fragments.ts';

export interface Movie {
  readonly kind: 'video' | 'audio';
  readonly width: number | null;
  readonly height: number | null;
  readonly durationSeconds: number | null;
}

interface Track {
  readonly id: number;
  readonly handler: string;
  readonly width: number;
  readonly height: number;
  readonly timescale: number;
  readonly duration: number;
}

const MAX_TRACKS = 100;

/**
 * Facts of the first video track, else of the first sound track. The duration is the track's own, not the
 * container's, which also counts the sound's padding.
 */
export async function readMovie(
  source: ByteSource,
  moov: Box,
  fragments: readonly Box[],
): Promise<Movie | undefined> {
  const tracks: Track[] = [];
  for await (const box of readChildren(source, moov)) {
    const track = box.type === 'trak' ? await readTrack(source, box) : undefined;
    if (track !== undefined) tracks.push(track);
    if (tracks.length === MAX_TRACKS) break;
  }
  const video = tracks.find((track) => track.handler === 'vide');
  const track = video ?? tracks.find((candidate) => candidate.handler === 'soun');
  if (track === undefined) return undefined;
  const durationSeconds =
    toSeconds(track.duration, track.timescale) ??
    toSeconds(await sumFragments(source, moov, fragments, track.id), track.timescale) ??
    (await readMovieDuration(source, moov));
  return video === undefined
    ? { kind: 'audio', width: null, height: null, durationSeconds }
    : { kind: 'video', width: video.width, height: video.height, durationSeconds };
}

async function readTrack(source: ByteSource, trak: Box): Promise<Track | undefined> {
  const header = await readFull(source, await findBox(source, trak, 'tkhd'), 84, 96);
  const media = await readTimes(source, await findBox(source, trak, 'mdia', 'mdhd'));
  const hdlr = await findBox(source, trak, 'mdia', 'hdlr');
  const handler = hdlr === undefined ? undefined : await source.look(hdlr.dataOffset + 8, 4);
  if (header === undefined || media === undefined || handler === undefined) return undefined;
  const end = header.look.bytes.length;
  return {
    id: header.look.uint32(header.isLong ? 20 : 12),
    handler: handler.text(0, 4),
    // Fixed point with 16 bits of fraction: the upper half is the number of pixels.
    width: header.look.uint16(end - 8),
    height: header.look.uint16(end - 4),
    ...media,
  };
}

/** Duration of the movie, where a fragmented file states it. */
async function readMovieDuration(source: ByteSource, moov: Box): Promise<number | null> {
  const movie = await readTimes(source, await findBox(source, moov, 'mvhd'));
  if (movie === undefined) return null;
  const extended = await readFull(source, await findBox(source, moov, 'mvex', 'mehd'), 8, 12);
  if (extended === undefined) return toSeconds(movie.duration, movie.timescale);
  const { look, isLong } = extended;
  return toSeconds(isLong ? Number(look.uint64(4)) : look.uint32(4), movie.timescale);
}

/** All bits set: the writer did not know the duration. */
const UNKNOWN_32 = 0xffff_ffffn;
const UNKNOWN_64 = 0xffff_ffff_ffff_ffffn;

/** Timescale and duration, which `mvhd` and `mdhd` keep at the same places. */
async function readTimes(
  source: ByteSource,
  box: Box | undefined,
): Promise<{ timescale: number; duration: number } | undefined> {
  const full = await readFull(source, box, 20, 32);
  if (full === undefined) return undefined;
  const { look, isLong } = full;
  const timescale = look.uint32(isLong ? 20 : 12);
  const duration = isLong ? look.uint64(24) : BigInt(look.uint32(16));
  const isUnknown = duration === (isLong ? UNKNOWN_64 : UNKNOWN_32);
  return { timescale, duration: isUnknown ? 0 : Number(duration) };
}

/** The first bytes of a box with a version, which is 1 where its times have 64 bits. */
async function readFull(
  source: ByteSource,
  box: Box | undefined,
  shortBytes: number,
  longBytes: number,
): Promise<{ look: Look; isLong: boolean } | undefined> {
  if (box === undefined) return undefined;
  const isLong = (await source.look(box.dataOffset, 1))?.uint8(0) === 1;
  const look = await source.look(box.dataOffset, isLong ? longBytes : shortBytes);
  return look === undefined ? undefined : { look, isLong };
}
