import type { MediaRequest } from '../../../src/core/job.ts';
import type { MediaFacts } from '../../../src/core/media.ts';
import { compareWithRequest } from '../../../src/core/media-match.ts';

const FILE: MediaFacts = {
  kind: 'video',
  mediaType: 'video/mp4',
  extension: 'mp4',
  width: 1280,
  height: 720,
  durationSeconds: 5.04,
  codec: 'AVC',
  framesPerSecond: 24,
  frames: 121,
  doubts: [],
};

type Asked = Omit<MediaRequest, 'model'>;

function kindsOf(asked: Asked, file: Partial<MediaFacts>): readonly string[] {
  const differences = compareWithRequest({ model: 'a/b', ...asked }, { ...FILE, ...file });
  return differences.map(({ kind }) => kind);
}

const of = (width: number, height: number): Partial<MediaFacts> => ({ width, height });
const lasting = (frames: number, framesPerSecond = 24): Partial<MediaFacts> => ({
  frames,
  framesPerSecond,
});
const IMAGE = {
  kind: 'image',
  durationSeconds: null,
  framesPerSecond: null,
  frames: null,
} as const;

describe('[F21] a file against its request', () => {
  it.each<[string, Asked, Partial<MediaFacts>]>([
    ['nothing was requested', {}, of(1, 1)],
    ['720P', { resolution: '720P' }, {}],
    ['720p upright', { resolution: '720p' }, of(720, 1280)],
    ['720P in blocks of 16', { resolution: '720P' }, of(1280, 704)],
    ['720P as a square of as many pixels', { resolution: '720P' }, of(960, 960)],
    ['720P as 4:3 of as many pixels', { resolution: '720P' }, of(1088, 832)],
    ['480P', { resolution: '480P' }, of(832, 480)],
    ['540P', { resolution: '540P' }, of(960, 544)],
    ['1080P', { resolution: '1080P' }, of(1920, 1088)],
    ['2K', { resolution: '2K' }, of(2560, 1440)],
    ['4K', { resolution: '4K' }, of(3840, 2160)],
    ['2K of an image means something else', { resolution: '2K' }, { ...IMAGE, ...of(2048, 2048) }],
    ['an unknown tier', { resolution: 'hd' }, of(640, 360)],
    ['a size', { size: '1280x720' }, {}],
    ['a size with an asterisk', { size: '1280*720' }, {}],
    ['a size that is no pair', { size: '2K' }, of(1, 1)],
    ['a size that was not measured', { size: '640x360' }, { width: null, height: null }],
    ['16:9', { aspectRatio: '16:9' }, {}],
    ['16:9 in blocks', { aspectRatio: '16:9' }, of(832, 480)],
    ['9:16', { aspectRatio: '9:16' }, of(720, 1280)],
    ['21:9 in blocks', { aspectRatio: '21:9' }, of(1680, 720)],
    ['a ratio that is none', { aspectRatio: 'adaptive' }, of(1, 1)],
    ['5 s of 121 frames', { durationSeconds: 5 }, {}],
    ['5 s less a quarter', { durationSeconds: 5 }, lasting(114)],
    ['two frames at 4 per second', { durationSeconds: 5 }, lasting(22, 4)],
    ['a length of its own choice', { durationSeconds: -1 }, {}],
    ['no length was measured', { durationSeconds: 5 }, IMAGE],
    // The sound is longer, and with it the container.
    ['the container is longer', { durationSeconds: 5 }, { durationSeconds: 5.6 }],
  ])('agrees: %s', (_, asked, file) => {
    expect(kindsOf(asked, file)).toEqual([]);
  });

  it.each<[string, Asked, Partial<MediaFacts>, string]>([
    ['480P for 720P', { resolution: '720P' }, of(832, 480), 'resolution_differs'],
    ['540P for 480P', { resolution: '480P' }, of(960, 540), 'resolution_differs'],
    ['720P for 1080P', { resolution: '1080P' }, {}, 'resolution_differs'],
    ['17 pixels less', { resolution: '720P' }, of(1600, 703), 'resolution_differs'],
    [
      '720P of an image',
      { resolution: '720P' },
      { ...IMAGE, ...of(640, 360) },
      'resolution_differs',
    ],
    ['one pixel less', { size: '1280x720' }, of(1279, 720), 'size_differs'],
    ['a size turned over', { size: '720*1280' }, {}, 'size_differs'],
    ['4:3 for 16:9', { aspectRatio: '16:9' }, of(1024, 768), 'aspect_ratio_differs'],
    ['9:16 for 16:9', { aspectRatio: '16:9' }, of(720, 1280), 'aspect_ratio_differs'],
    ['16:10 for 16:9', { aspectRatio: '16:9' }, of(1280, 800), 'aspect_ratio_differs'],
    ['4 s for 5 s', { durationSeconds: 5 }, lasting(96), 'duration_differs'],
    ['a quarter and a frame less', { durationSeconds: 5 }, lasting(113), 'duration_differs'],
    ['three frames at 4 per second', { durationSeconds: 5 }, lasting(17, 4), 'duration_differs'],
    [
      'no frames were counted',
      { durationSeconds: 5 },
      { durationSeconds: 4.7, frames: null },
      'duration_differs',
    ],
  ])('differs: %s', (_, asked, file, kind) => {
    expect(kindsOf(asked, file)).toEqual([kind]);
  });

  it.each([
    ['as requested and measured', 5, []],
    ['other than requested and measured', 6, ['duration_differs']],
  ])('what the provider states is compared, too: %s', (_, stated, kinds) => {
    const request: MediaRequest = { model: 'a/b', durationSeconds: 5 };

    expect(compareWithRequest(request, FILE, stated).map(({ kind }) => kind)).toEqual(kinds);
    expect(compareWithRequest({ model: 'a/b' }, FILE, stated)).toHaveLength(kinds.length);
  });

  it('tells what was requested and what was measured', () => {
    const request: MediaRequest = {
      model: 'a/b',
      ...{ resolution: '1080P', size: '1920x1080', aspectRatio: '1:1', durationSeconds: 10 },
    };

    expect(compareWithRequest(request, FILE)).toEqual([
      { kind: 'duration_differs', facts: { requestedSeconds: 10, measuredSeconds: 5.042 } },
      {
        kind: 'resolution_differs',
        facts: { requested: '1080P', measured: '1280x720', shorterSidePixels: 720 },
      },
      { kind: 'size_differs', facts: { requested: '1920x1080', measured: '1280x720' } },
      {
        kind: 'aspect_ratio_differs',
        facts: { requested: '1:1', measured: '1280x720', measuredRatio: 1.778 },
      },
    ]);
  });
});
