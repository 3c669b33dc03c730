import type { Timing } from '../../core/account.ts';
import type { MediaKind } from '../../core/job.ts';

/** Poll hint of the task guide, read 2026-11-21: 3–10 s. Lifetimes are not stated; the defaults apply. */
export const RIXAPI_TIMING: Partial<Timing> = {
  firstPollSeconds: 10,
  minPollSeconds: 3,
  maxPollSeconds: 10,
};

/**
 * The example models of the task guide (https://docs.elkapi.com/en/guides/task, read 2026-11-21). The kind is left
 * open where the guide prints two, and for `grok-2-image`, which it calls a video model against its name.
 */
export const RIXAPI_EXAMPLES: ReadonlyMap<string, MediaKind | undefined> = new Map<
  string,
  MediaKind | undefined
>([
  ['kling-v2', undefined],
  ['kling-v1-6', undefined],
  ['luma-ray-2', 'video'],
  ['luma-photon', 'video'],
  ['runway-gen4', 'video'],
  ['runwayml-gen3a-turbo', 'video'],
  ['veo-3', 'video'],
  ['minimax-video-01', 'video'],
  ['vidu-2.0', 'video'],
  ['jimeng-v2', undefined],
  ['doubao-seedance-1-0-pro', 'video'],
  ['flux-pro', 'image'],
  ['flux-kontext-pro', 'image'],
  ['grok-2-image', undefined],
  ['wanx-v2', undefined],
]);
