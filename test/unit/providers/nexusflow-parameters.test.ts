import type { MediaRequest } from '../../../src/core/job.ts';
import { createNexusFlow } from '../../../src/providers/nexusflow/index.ts';

const IMAGE = 'https://example.com/a.png';
const VIDEO = 'https://example.com/a.mp4';

const provider = createNexusFlow({
  baseUrl: 'https://nexusflow.vip',
  currency: 'USD',
  prices: new Map(),
  allowPrivateHosts: false,
});

const rulesBroken = (request: MediaRequest): string[] =>
  provider.validate(request).map(({ field, rule }) => `${field}: ${rule}`);

describe('the NexusFlow parameters', () => {
  const t2v = { model: 'wan2.6-t2v', prompt: 'a lighthouse' };

  it.each<[string, MediaRequest]>([
    ['the least', t2v],
    [
      'everything',
      {
        ...t2v,
        durationSeconds: 3,
        resolution: '1080P',
        aspectRatio: '3:4',
        seed: 2_147_483_647,
        watermark: false,
      },
    ],
    ['a first frame', { ...t2v, model: 'wan2.6-i2v', imageUrls: [IMAGE] }],
    ['a first frame alone', { model: 'happyhorse-1.0-i2v', imageUrls: [IMAGE] }],
    [
      'nine references',
      { ...t2v, model: 'happyhorse-1.0-r2v', imageUrls: Array<string>(9).fill(IMAGE) },
    ],
    [
      'a video to edit',
      { ...t2v, model: 'happyhorse-1.0-video-edit', videoUrl: VIDEO, imageUrls: [] },
    ],
    ['audio', { ...t2v, model: 'pixverse-v6', audio: true }],
    [
      'four images',
      { model: 'wan2.6-t2i', prompt: 'x', count: 4, size: '1024x1024', negativePrompt: 'y' },
    ],
    ['2500 Chinese characters', { model: 'happyhorse-1.0-t2v', prompt: '灯'.repeat(2500) }],
    ['5000 other characters', { model: 'happyhorse-1.0-t2v', prompt: 'a'.repeat(5000) }],
  ])('take %s', (_, request) => {
    expect(rulesBroken(request)).toEqual([]);
  });

  it.each<[MediaRequest, string]>([
    [{ ...t2v, durationSeconds: 2 }, 'durationSeconds: must be an integer from 3 to 15 (duration)'],
    [
      { ...t2v, durationSeconds: 16 },
      'durationSeconds: must be an integer from 3 to 15 (duration)',
    ],
    [
      { ...t2v, durationSeconds: 5.5 },
      'durationSeconds: must be an integer from 3 to 15 (duration)',
    ],
    [{ ...t2v, resolution: '4K' }, 'resolution: must be one of 720P, 1080P (resolution)'],
    [
      { ...t2v, aspectRatio: '21:9' },
      'aspectRatio: must be one of 16:9, 9:16, 1:1, 4:3, 3:4 (ratio)',
    ],
    [{ ...t2v, seed: -1 }, 'seed: must be an integer from 0 to 2147483647 (seed)'],
    [{ ...t2v, seed: 2_147_483_648 }, 'seed: must be an integer from 0 to 2147483647 (seed)'],
    [{ model: 'wan2.6-t2v' }, 'prompt: is required (prompt): must be a text that is not empty'],
    [{ ...t2v, prompt: ' ' }, 'prompt: must be a text that is not empty (prompt)'],
    [
      { ...t2v, model: 'wan2.6-i2v' },
      'imageUrls: is required (img_url): must be a list of exactly 1 URL',
    ],
    [
      { ...t2v, model: 'wan2.6-i2v', imageUrls: [] },
      'imageUrls: must be a list of exactly 1 URL (img_url)',
    ],
    [
      { ...t2v, model: 'happyhorse-1.0-r2v', imageUrls: Array<string>(10).fill(IMAGE) },
      'imageUrls: must be a list of 1 to 9 URLs (img_urls)',
    ],
    [
      { ...t2v, model: 'happyhorse-1.0-video-edit' },
      'videoUrl: is required (video_url): must be a URL',
    ],
    [
      { ...t2v, model: 'wan2.6-i2v', imageUrls: ['http://10.0.0.1/a.png'] },
      'imageUrls[0]: must not name a private host; give a URL that the provider can reach (img_url)',
    ],
    [{ model: 'wan2.6-t2i', prompt: 'x', count: 5 }, 'count: must be an integer from 1 to 4 (n)'],
    [
      { model: 'wan2.6-t2i', prompt: 'x', size: '1024' },
      'size: must be <width>x<height> in pixels, e.g. 1024x1024 (size)',
    ],
    [
      { model: 'happyhorse-1.0-t2v', prompt: '灯'.repeat(2501) },
      'prompt: must not exceed 2500 Chinese characters, where any other character counts half (prompt)',
    ],
    [
      { model: 'happyhorse-1.0-t2v', prompt: `${'灯'.repeat(2500)}a` },
      'prompt: must not exceed 2500 Chinese characters, where any other character counts half (prompt)',
    ],
    [
      { ...t2v, audio: true },
      'audio: is not a parameter of wan2.6-t2v, which takes prompt, durationSeconds, resolution, aspectRatio, seed, watermark',
    ],
    [
      { ...t2v, extra: { duration: 5 } },
      'extra.duration: must be given as durationSeconds, outside of extra',
    ],
    [
      { ...t2v, extra: { fps: 60 } },
      'extra.fps: is not a parameter of wan2.6-t2v, which takes prompt, durationSeconds, resolution, aspectRatio, seed, watermark',
    ],
  ])('name field and rule of a broken request: %j', (request, expected) => {
    expect(rulesBroken(request)).toEqual([expected]);
  });

  it('tell every broken rule at once', () => {
    expect(rulesBroken({ model: 'wan2.6-i2v', durationSeconds: 2, resolution: '1P' })).toHaveLength(
      4,
    );
  });

  it('name the models there are for one that is not there', () => {
    expect(rulesBroken({ ...t2v, model: 'wan9' })[0]).toMatch(
      /^model: must be one of wan2.6-t2i, /,
    );
  });

  it('are printed as JSON Schema, required ones included', () => {
    expect(provider.models.find('wan2.6-i2v')?.parameters).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['prompt', 'imageUrls'],
      properties: {
        durationSeconds: { type: 'integer', minimum: 3, maximum: 15 },
        imageUrls: { type: 'array', minItems: 1, maxItems: 1 },
      },
    });
  });
});
