import type { Timing } from '../../core/account.ts';
import type { MediaKind } from '../../core/job.ts';
import type { Price } from '../../core/money.ts';
import type { ParameterRule, ParameterRules } from '../parameters.ts';

/**
 * The catalogue of NexusFlow as data. Prices and the common fields are from https://nexusflow.vip/docs, read
 * 2026-11-21. The inputs of r2v and video-edit, and that an i2v may lack a prompt, are observed, not documented.
 */
export interface NexusFlowModel {
  readonly id: string;
  readonly kind: MediaKind;
  readonly rules: ParameterRules;
  readonly prices: readonly Price[];
  readonly timing: Partial<Timing>;
  /** Seconds that are billed where the request names none. */
  readonly billedSeconds: { readonly seconds: number; readonly isUpperBound: boolean };
}

const VIDEO_PAGE = 'NexusFlow video page, 2026-11-21';
const HAPPYHORSE_PAGE = 'NexusFlow HappyHorse page, 2026-11-21';

/** Task ids and result URLs live for 24 hours; the pages advise 10–15 s between readings of a video. */
const VIDEO_TIMING: Partial<Timing> = {
  taskLifeSeconds: 86_400,
  urlLifeSeconds: 86_400,
  firstPollSeconds: 15,
  minPollSeconds: 10,
  maxPollSeconds: 15,
};

/** For the image models behind the same endpoint that are not synchronous: 5–10 s between readings. */
const IMAGE_TIMING: Partial<Timing> = {
  ...VIDEO_TIMING,
  firstPollSeconds: 5,
  minPollSeconds: 5,
  maxPollSeconds: 10,
};

const PROMPT: ParameterRule = { type: 'text', native: 'prompt', isRequired: true };
const SEED: ParameterRule = { type: 'integer', native: 'seed', minimum: 0, maximum: 2_147_483_647 };

/** `watermark` is true at the provider where it is absent: pages of 2026-11-21. */
const VIDEO_RULES: ParameterRules = {
  prompt: PROMPT,
  durationSeconds: { type: 'integer', native: 'duration', minimum: 3, maximum: 15 },
  resolution: { type: 'choice', native: 'resolution', values: ['720P', '1080P'] },
  aspectRatio: { type: 'choice', native: 'ratio', values: ['16:9', '9:16', '1:1', '4:3', '3:4'] },
  seed: SEED,
  watermark: { type: 'flag', native: 'watermark' },
};

const FIRST_FRAME: ParameterRule = {
  type: 'urls',
  native: 'img_url',
  minimum: 1,
  maximum: 1,
  isSingle: true,
  isRequired: true,
};

/** The page prints 2500 Chinese characters; the upstream counts any other character as half of one and cuts the rest. */
const HAPPYHORSE_PROMPT: ParameterRule = {
  type: 'text',
  native: 'prompt',
  isRequired: true,
  limit: {
    maxHalves: 5000,
    rule: 'must not exceed 2500 Chinese characters, where any other character counts half',
  },
};

const HAPPYHORSE_RULES: ParameterRules = { ...VIDEO_RULES, prompt: HAPPYHORSE_PROMPT };

function perSecond(
  source: string,
  currency: string,
  micros720: string,
  micros1080: string,
): Price[] {
  return [
    { currency, unit: 'second', micros: micros720, when: { resolution: '720P' }, source },
    { currency, unit: 'second', micros: micros1080, when: { resolution: '1080P' }, source },
  ];
}

const WAN_PRICES = perSecond(VIDEO_PAGE, 'USD', '90000', '140000');
/** The yuan price applies to all HappyHorse modes; a dollar price is printed for t2v and i2v only. */
const HAPPYHORSE_CNY = perSecond(HAPPYHORSE_PAGE, 'CNY', '900000', '1600000');
const HAPPYHORSE_BOTH = [...perSecond(VIDEO_PAGE, 'USD', '130000', '230000'), ...HAPPYHORSE_CNY];

/** The page prints no unit for these; "per second" follows from its columns and its billing note. */
const PIXVERSE_PRICES: readonly Price[] = [
  ...perSecond(VIDEO_PAGE, 'USD', '50000', '100000').map((price) => withAudio(price, true)),
  ...perSecond(VIDEO_PAGE, 'USD', '40000', '80000').map((price) => withAudio(price, false)),
];

function withAudio(price: Price, audio: boolean): Price {
  return { ...price, when: { ...price.when, audio } };
}

/** Output is as long as the request says, 5 s where it says nothing. */
const FIVE_SECONDS = { seconds: 5, isUpperBound: false };
/** video-edit keeps the length of its input, of which it takes 15 s at most. */
const FIFTEEN_SECONDS_AT_MOST = { seconds: 15, isUpperBound: true };

function video(
  id: string,
  rules: ParameterRules,
  prices: readonly Price[],
  billedSeconds: NexusFlowModel['billedSeconds'] = FIVE_SECONDS,
): NexusFlowModel {
  return { id, kind: 'video', rules, prices, timing: VIDEO_TIMING, billedSeconds };
}

const WAN_T2I: NexusFlowModel = {
  id: 'wan2.6-t2i',
  kind: 'image',
  rules: {
    prompt: PROMPT,
    negativePrompt: { type: 'text', native: 'negative_prompt' },
    size: { type: 'size', native: 'size' },
    count: { type: 'integer', native: 'n', minimum: 1, maximum: 4 },
    seed: SEED,
  },
  prices: [],
  timing: IMAGE_TIMING,
  billedSeconds: FIVE_SECONDS,
};

export const NEXUSFLOW_MODELS: readonly NexusFlowModel[] = [
  WAN_T2I,
  video('wan2.6-t2v', VIDEO_RULES, WAN_PRICES),
  video('wan2.6-i2v', { ...VIDEO_RULES, imageUrls: FIRST_FRAME }, WAN_PRICES),
  video('happyhorse-1.0-t2v', HAPPYHORSE_RULES, HAPPYHORSE_BOTH),
  video(
    'happyhorse-1.0-i2v',
    {
      ...HAPPYHORSE_RULES,
      prompt: { ...HAPPYHORSE_PROMPT, isRequired: false },
      imageUrls: FIRST_FRAME,
    },
    HAPPYHORSE_BOTH,
  ),
  video(
    'happyhorse-1.0-r2v',
    {
      ...HAPPYHORSE_RULES,
      imageUrls: { type: 'urls', native: 'img_urls', minimum: 1, maximum: 9, isRequired: true },
    },
    HAPPYHORSE_CNY,
  ),
  video(
    'happyhorse-1.0-video-edit',
    {
      prompt: HAPPYHORSE_PROMPT,
      videoUrl: { type: 'url', native: 'video_url', isRequired: true },
      imageUrls: { type: 'urls', native: 'img_urls', minimum: 0, maximum: 5 },
      resolution: { type: 'choice', native: 'resolution', values: ['720P', '1080P'] },
      seed: SEED,
      watermark: { type: 'flag', native: 'watermark' },
    },
    HAPPYHORSE_CNY,
    FIFTEEN_SECONDS_AT_MOST,
  ),
  // The page prices pixverse-v6 by audio without naming the field that asks for it. `audio` is sent as `audio` where
  // it is given; where it is not, the default is unknown and the quote takes the dearer line.
  video(
    'pixverse-v6',
    { ...VIDEO_RULES, audio: { type: 'flag', native: 'audio' } },
    PIXVERSE_PRICES,
  ),
];
