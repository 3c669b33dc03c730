import type { Logger } from '../core/logger.ts';
import type { InspectMedia, MediaBytes, MediaFacts } from '../core/media.ts';
import { decodeAll } from './decode.ts';
import { MediaInfo } from './media-info.ts';
import { addFacts } from './media-info-facts.ts';
import { inspectMedia } from './structure.ts';

export { findFfmpeg } from './find-ffmpeg.ts';
export { inspectMedia } from './structure.ts';

export interface MediaInspectorOptions {
  /** The ffmpeg program. Where it is given, files that lie on this machine are decoded from begin to end. */
  readonly ffmpeg?: string;
  readonly logger?: Logger;
}

/** One for all inspectors: files wait for each other, and memory is taken once. */
const mediaInfo = new MediaInfo();

/**
 * Makes an inspection in up to three parts. The structure decides, as {@link inspectMedia}. ffmpeg, if given, refuses as
 * `corrupt` what cannot be decoded without an error. mediainfo adds facts and doubts, and refuses nothing; where it or
 * ffmpeg cannot be had, or takes too long, a doubt says so.
 */
export function createMediaInspector(options: MediaInspectorOptions = {}): InspectMedia {
  const { ffmpeg, logger } = options;
  return async (bytes, signal) => {
    const inspection = await inspectMedia(bytes, signal);
    if (inspection.outcome === 'broken') return inspection;
    let { facts } = inspection;
    if (ffmpeg !== undefined && bytes.path !== undefined) {
      const file = { path: bytes.path, sizeBytes: bytes.sizeBytes, mediaType: facts.mediaType };
      const decoding = await decodeAll(ffmpeg, file, signal);
      if (decoding.outcome === 'broken') return decoding;
      facts = withDoubts(facts, decoding.doubts);
    }
    facts = await withMediaInfo(bytes, facts, signal);
    if (facts.doubts.length > 0) logger?.warn('a media file is doubtful', { doubts: facts.doubts });
    return { outcome: 'whole', facts };
  };
}

function withDoubts(facts: MediaFacts, doubts: readonly string[]): MediaFacts {
  return { ...facts, doubts: [...facts.doubts, ...doubts] };
}

async function withMediaInfo(
  bytes: MediaBytes,
  facts: MediaFacts,
  signal: AbortSignal | undefined,
): Promise<MediaFacts> {
  const analysis = await mediaInfo.analyse(bytes, signal);
  if (analysis.outcome === 'analysed') return addFacts(facts, analysis.tracks);
  return withDoubts(facts, [`mediainfo could not look at the file: ${analysis.reason}`]);
}
