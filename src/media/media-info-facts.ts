import type { MediaFacts } from '../core/media.ts';
import type { Track } from './media-info-program.ts';

/** Differences up to here come from how containers count: the sound is a little longer than the picture. */
const DURATION_TOLERANCE_SECONDS = 0.25;
const TOLERATED_FRAMES = 2;
const MAX_CODEC_LENGTH = 40;

/** Facts of the structure, with what mediainfo knows in addition, and doubts where both disagree. */
export function addFacts(facts: MediaFacts, tracks: readonly Track[]): MediaFacts {
  const picture = findPicture(facts, tracks);
  const main = facts.kind === 'audio' ? findTrack(tracks, 'Audio') : picture;
  const seconds = main?.Duration;
  return {
    ...facts,
    width: facts.width ?? toCount(picture?.Width),
    height: facts.height ?? toCount(picture?.Height),
    durationSeconds: facts.durationSeconds ?? toMeasure(seconds),
    codec: toCodec(main?.format),
    framesPerSecond: toMeasure(picture?.FrameRate),
    frames: toCount(picture?.FrameCount),
    doubts: [...facts.doubts, ...findDoubts(facts, tracks)],
  };
}

function findTrack(tracks: readonly Track[], type: string): Track | undefined {
  return tracks.find((track) => track.type === type);
}

/** The picture of an animation is a video to mediainfo. */
function findPicture({ kind }: MediaFacts, tracks: readonly Track[]): Track | undefined {
  if (kind === 'audio') return undefined;
  const image = kind === 'image' ? findTrack(tracks, 'Image') : undefined;
  return image ?? findTrack(tracks, 'Video');
}

function findDoubts(facts: MediaFacts, tracks: readonly Track[]): readonly string[] {
  const general = findTrack(tracks, 'General');
  const doubts: string[] = [];
  if (general?.isTruncated === true) doubts.push('mediainfo takes the file for truncated');
  else if (tracks.some((track) => track.isNonconforming)) {
    doubts.push('mediainfo finds errors of conformance');
  }
  const picture = findPicture(facts, tracks);
  const main = facts.kind === 'audio' ? findTrack(tracks, 'Audio') : picture;
  if (main === undefined) doubts.push(`mediainfo finds no ${facts.kind} in the file`);
  return [...doubts, ...compareSize(facts, picture), ...compareDuration(facts, main)];
}

function compareSize({ width, height }: MediaFacts, track: Track | undefined): readonly string[] {
  const { Width, Height, PixelAspectRatio = 1 } = track ?? {};
  if (width === null || height === null || Width === undefined || Height === undefined) return [];
  // Where pixels are not square, a container may name the size of the picture on a screen.
  if (PixelAspectRatio !== 1 || (Width === width && Height === height)) return [];
  return [`mediainfo measures ${Width}x${Height} pixels, the container says ${width}x${height}`];
}

function compareDuration(
  { durationSeconds }: MediaFacts,
  track: Track | undefined,
): readonly string[] {
  const seconds = toMeasure(track?.Duration);
  if (durationSeconds === null || seconds === null) return [];
  const frame = track?.type === 'Video' ? 1 / (track.FrameRate ?? Infinity) : 0;
  const tolerance = Math.max(DURATION_TOLERANCE_SECONDS, TOLERATED_FRAMES * frame);
  if (Math.abs(seconds - durationSeconds) <= tolerance) return [];
  return [`mediainfo measures ${seconds} s, the container says ${durationSeconds} s`];
}

/** A codec that the library does not know is named by bytes of the file. */
function toCodec(format: string | undefined): string | null {
  const name = format?.replace(/[^\x20-\x7e]/g, '').trim();
  return name === undefined || name === '' ? null : name.slice(0, MAX_CODEC_LENGTH);
}

function toMeasure(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : null;
}

function toCount(value: number | undefined): number | null {
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : null;
}
