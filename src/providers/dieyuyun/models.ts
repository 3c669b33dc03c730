import type { Timing } from '../../core/account.ts';

/** The create endpoints: OpenAI's, each with `async: true`. */
export type EndpointKind = 'images' | 'videos';

/** Poll hints of the async guide, read 2026-11-21: an image takes 10–30 s, a video 1–5 min; 3–5 s, then slower. */
export const TIMING: Readonly<Record<EndpointKind, Partial<Timing>>> = {
  images: { firstPollSeconds: 8, minPollSeconds: 3, maxPollSeconds: 5 },
  videos: { firstPollSeconds: 30, minPollSeconds: 3, maxPollSeconds: 5 },
};

/** The one model the guide names. */
export const DOCUMENTED_MODELS: readonly string[] = ['gpt-image-2'];

/** Families and modes that make videos, as words of a model id. */
const VIDEO_WORDS =
  /(^|[^a-z])(video|[tirv]2v|sora|veo|seedance|hailuo|vidu|pixverse|happyhorse|runway|kling|pika)([^a-z]|$)/;

/**
 * Which endpoint makes this model's media. There is no model list, so the id decides: video where it holds the name
 * of a video family or mode, image otherwise.
 */
export function endpointOf(modelId: string): EndpointKind {
  return VIDEO_WORDS.test(modelId.toLowerCase()) ? 'videos' : 'images';
}
