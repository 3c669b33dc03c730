import type { MediaFacts, MediaInspection } from '../core/media.ts';

export type Broken = Extract<MediaInspection, { outcome: 'broken' }>;

export type Found =
  'html' | 'json' | 'empty' | 'truncated' | 'trailing_bytes' | 'unrecognised' | 'corrupt';

/** `detail` is for a person: which part, at which byte. Never the content itself. */
export function broken(found: Found, detail: string): Broken {
  return { outcome: 'broken', found, detail };
}

type Label = Pick<MediaFacts, 'kind' | 'mediaType' | 'extension'>;
type Measures = Partial<Pick<MediaFacts, 'width' | 'height' | 'durationSeconds'>>;

/** Facts that the structure does not tell stay open. */
export function whole(label: Label, measures: Measures): MediaInspection {
  const { width = null, height = null, durationSeconds = null } = measures;
  const open = { codec: null, framesPerSecond: null, frames: null, doubts: [] };
  return { outcome: 'whole', facts: { ...label, width, height, durationSeconds, ...open } };
}

/** Seconds to the millisecond; `null` where the parts tell nothing. */
export function toSeconds(units: number, unitsPerSecond: number): number | null {
  if (!(units > 0) || !(unitsPerSecond > 0)) return null;
  return Math.round((units / unitsPerSecond) * 1000) / 1000;
}

/** Compares where a structure ends with where the file does. */
export function checkEnd(what: string, end: number, sizeBytes: number): Broken | undefined {
  if (end > sizeBytes) {
    return broken(
      'truncated',
      `${what} should end at byte ${String(end)}, the file ends at ${String(sizeBytes)}`,
    );
  }
  if (end < sizeBytes) {
    return broken(
      'trailing_bytes',
      `${what} ends at byte ${String(end)}, ${String(sizeBytes - end)} bytes follow it`,
    );
  }
  return undefined;
}
