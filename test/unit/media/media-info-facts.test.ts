import type { MediaFacts } from '../../../src/core/media.ts';
import { addFacts } from '../../../src/media/media-info-facts.ts';
import type { Track } from '../../../src/media/media-info-program.ts';

const FACTS: MediaFacts = {
  kind: 'video',
  mediaType: 'video/mp4',
  extension: 'mp4',
  width: 1280,
  height: 720,
  durationSeconds: 5,
  codec: null,
  framesPerSecond: null,
  frames: null,
  doubts: [],
};
const track = (type: string, rest: Partial<Track> = {}): Track => ({
  ...{ type, format: 'AVC', isTruncated: false, isNonconforming: false },
  ...rest,
});
const VIDEO = track('Video', { Width: 1280, Height: 720, Duration: 5.042, FrameRate: 24 });
const doubtsOf = (tracks: readonly Track[], facts = FACTS): readonly string[] =>
  addFacts(facts, tracks).doubts;

describe('a second opinion', () => {
  it.each<[string, readonly Track[], readonly string[]]>([
    ['agrees', [track('General'), VIDEO], []],
    [
      'finds a cut',
      [track('General', { isTruncated: true, isNonconforming: true }), VIDEO],
      ['mediainfo takes the file for truncated'],
    ],
    [
      'finds errors in a track',
      [track('General'), { ...VIDEO, isNonconforming: true }],
      ['mediainfo finds errors of conformance'],
    ],
    ['finds sound only', [track('Audio')], ['mediainfo finds no video in the file']],
    [
      'measures another size',
      [{ ...VIDEO, Width: 640 }],
      ['mediainfo measures 640x720 pixels, the container says 1280x720'],
    ],
    [
      'measures pixels that are not square',
      [{ ...VIDEO, Width: 960, PixelAspectRatio: 1.333 }],
      [],
    ],
    [
      'measures another duration',
      [{ ...VIDEO, Duration: 2.5 }],
      ['mediainfo measures 2.5 s, the container says 5 s'],
    ],
    ['measures two frames more of a slow video', [{ ...VIDEO, Duration: 7, FrameRate: 1 }], []],
  ])('that %s is a doubt or none', (_, tracks, doubts) => {
    expect(doubtsOf(tracks)).toEqual(doubts);
  });

  it('leaves earlier doubts where they are', () => {
    expect(doubtsOf([VIDEO], { ...FACTS, doubts: ['an earlier one'] })).toEqual(['an earlier one']);
  });

  it('takes no numbers that measure nothing, and no name that cannot be printed', () => {
    const odd = { ...VIDEO, FrameRate: NaN, FrameCount: 1.5, format: `\0\x07${'x'.repeat(100)}` };

    expect(addFacts(FACTS, [odd])).toMatchObject({
      framesPerSecond: null,
      frames: null,
      codec: 'x'.repeat(40),
    });
  });

  it('of a sound does not count the frames of its codec', () => {
    const facts: MediaFacts = { ...FACTS, kind: 'audio', width: null, height: null };
    const sound = track('Audio', { format: 'AAC', FrameRate: 43.066, FrameCount: 43, Duration: 5 });

    expect(addFacts(facts, [sound])).toMatchObject({
      codec: 'AAC',
      framesPerSecond: null,
      frames: null,
      doubts: [],
    });
  });
});
