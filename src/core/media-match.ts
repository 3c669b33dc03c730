import type { MediaKind, MediaRequest } from './job.ts';
import type { JsonObject } from './json.ts';
import type { MediaFacts } from './media.ts';

/** Where a file is not what was asked for. */
export interface MediaDifference {
  readonly kind:
    'resolution_differs' | 'size_differs' | 'aspect_ratio_differs' | 'duration_differs';
  /** What was requested and what was measured. */
  readonly facts: JsonObject;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Pixels of the shorter side of a video. Other names, and `2K` or `4K` of an image, mean something else with each
 * provider.
 */
const TIERS: ReadonlyMap<string, number> = new Map([
  ['480P', 480],
  ['540P', 540],
  ['720P', 720],
  ['1080P', 1080],
  ['2K', 1440],
  ['1440P', 1440],
  ['4K', 2160],
  ['2160P', 2160],
]);

/** Models draw in blocks of so many pixels: each side may be rounded to one. */
const BLOCK_PIXELS = 16;
/** Some models keep the number of pixels of 16:9 in every ratio: 720P is 960x960, too. */
const TIER_RATIO = 16 / 9;
const AREA_TOLERANCE = 0.06;
const RATIO_TOLERANCE = 0.02;
const DURATION_TOLERANCE_SECONDS = 0.25;
const TOLERATED_FRAMES = 2;

/**
 * Compares a file with the request that it was made for: resolution tier, size, aspect ratio and seconds, also those that
 * the provider states. What was not requested, cannot be read as a number or was not measured says nothing. Pure.
 */
export function compareWithRequest(
  request: MediaRequest,
  facts: MediaFacts,
  statedSeconds?: number,
): readonly MediaDifference[] {
  const differences = [compareDuration(request, facts, statedSeconds)];
  const { width, height } = facts;
  if (width !== null && height !== null) {
    const size = { width, height };
    differences.push(
      compareResolution(request, facts.kind, size),
      compareSize(request, size),
      compareAspectRatio(request, size),
    );
  }
  return differences.filter((difference) => difference !== undefined);
}

function compareResolution(
  { resolution }: MediaRequest,
  kind: MediaKind,
  size: Size,
): MediaDifference | undefined {
  const name = resolution?.trim().toUpperCase() ?? '';
  const expected = kind === 'image' && name.endsWith('K') ? undefined : TIERS.get(name);
  if (resolution === undefined || expected === undefined) return undefined;
  const shorter = Math.min(size.width, size.height);
  const area = (size.width * size.height) / (expected * expected * TIER_RATIO);
  if (Math.abs(shorter - expected) <= BLOCK_PIXELS || Math.abs(area - 1) <= AREA_TOLERANCE) {
    return undefined;
  }
  const facts = { requested: resolution, measured: toText(size), shorterSidePixels: shorter };
  return { kind: 'resolution_differs', facts };
}

function compareSize({ size: requested }: MediaRequest, size: Size): MediaDifference | undefined {
  const expected = readPair(requested, /^(\d+)\s*[x*×]\s*(\d+)$/i);
  if (requested === undefined || expected === undefined) return undefined;
  if (expected[0] === size.width && expected[1] === size.height) return undefined;
  return { kind: 'size_differs', facts: { requested, measured: toText(size) } };
}

function compareAspectRatio(
  { aspectRatio: requested }: MediaRequest,
  size: Size,
): MediaDifference | undefined {
  const expected = readPair(requested, /^(\d+(?:\.\d+)?)\s*[:/x]\s*(\d+(?:\.\d+)?)$/i);
  if (requested === undefined || expected === undefined) return undefined;
  const ratio = expected[0] / expected[1];
  // The size may be what a picture of the right ratio became when both sides were rounded.
  const rounding = BLOCK_PIXELS / 2;
  const least = ((size.width - rounding) / (size.height + rounding)) * (1 - RATIO_TOLERANCE);
  const most = ((size.width + rounding) / (size.height - rounding)) * (1 + RATIO_TOLERANCE);
  if (size.height <= rounding || (ratio >= least && ratio <= most)) return undefined;
  const measuredRatio = Math.round((size.width / size.height) * 1000) / 1000;
  return {
    kind: 'aspect_ratio_differs',
    facts: { requested, measured: toText(size), measuredRatio },
  };
}

/** Requested, stated and measured seconds: any two of them may differ. */
function compareDuration(
  { durationSeconds: requested }: MediaRequest,
  { durationSeconds, framesPerSecond, frames }: MediaFacts,
  stated: number | undefined,
): MediaDifference | undefined {
  const hasFrames = framesPerSecond !== null && frames !== null;
  const measured = hasFrames ? frames / framesPerSecond : durationSeconds;
  const told: Record<string, number> = {};
  // Some models take a number below zero for a length of their own choice.
  if (requested !== undefined && requested > 0) told['requestedSeconds'] = requested;
  if (stated !== undefined) told['statedSeconds'] = stated;
  if (measured !== null) told['measuredSeconds'] = Math.round(measured * 1000) / 1000;
  const twoFrames = framesPerSecond === null ? 0 : TOLERATED_FRAMES / framesPerSecond;
  const tolerance = Math.max(DURATION_TOLERANCE_SECONDS, twoFrames);
  const seconds = Object.values(told);
  const difference = Math.max(...seconds) - Math.min(...seconds);
  // Measured to the millisecond, and no binary number holds every fraction.
  return difference > tolerance + 1e-3 ? { kind: 'duration_differs', facts: told } : undefined;
}

function readPair(text: string | undefined, pattern: RegExp): [number, number] | undefined {
  const match = pattern.exec(text?.trim() ?? '');
  const [first, second] = [Number(match?.[1]), Number(match?.[2])];
  return first > 0 && second > 0 ? [first, second] : undefined;
}

function toText({ width, height }: Size): string {
  return `${width}x${height}`;
}
