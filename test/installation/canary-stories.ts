import type { FaultRule } from '../../simulator/index.ts';
import type { MediaRequest } from '../../src/core/job.ts';
import { createMarker } from './canary.ts';

/** One job for each way in which a private text could get out. */
export type Story =
  | 'succeeded'
  | 'synchronous'
  | 'refused'
  | 'repeated'
  | 'failed'
  | 'unreadable'
  | 'held'
  | 'cancelled'
  | 'killed';

export const STORIES: readonly Story[] = [
  ...(['succeeded', 'synchronous', 'refused', 'repeated', 'failed'] as const),
  ...(['unreadable', 'held', 'cancelled', 'killed'] as const),
];
/** They begin when all others are settled. */
export const isLate = (story: Story): boolean => story === 'cancelled' || story === 'killed';

/** Secrets that must never be found; texts that encryption must hide. */
export interface Markers {
  readonly key: string;
  readonly prompts: Readonly<Record<Story, string>>;
  readonly negativePrompt: string;
  readonly signature: string;
}

export function createMarkers(): Markers {
  const prompts = Object.fromEntries(
    STORIES.map((story) => [story, createMarker(`canary-${story}-`)]),
  );
  return {
    key: createMarker('KEY'),
    prompts: prompts as Record<Story, string>,
    negativePrompt: createMarker('canary-negative-'),
    signature: createMarker('SIGNATURE'),
  };
}

export function toRequest(
  story: Story,
  { prompts, negativePrompt, signature }: Markers,
): MediaRequest {
  const prompt = `a harbour, "${prompts[story]}", at dawn`;
  switch (story) {
    case 'synchronous':
      return { model: 'nexusflow/wan2.6-t2i', prompt, negativePrompt };
    case 'cancelled':
      return { model: 'dieyuyun/gpt-image-2', prompt };
    case 'succeeded':
      return {
        model: 'nexusflow/wan2.6-i2v',
        prompt,
        imageUrls: [`https://media.example.org/frame.png?X-Signature=${signature}`],
        durationSeconds: 3,
      };
    case 'refused':
    case 'repeated':
    case 'failed':
    case 'unreadable':
    case 'held':
    case 'killed':
      return { model: 'nexusflow/wan2.6-t2v', prompt, durationSeconds: 3 };
  }
}

/** Providers like to repeat what they were sent. */
export function toFaults({ prompts, key, signature }: Markers): readonly FaultRule[] {
  const echo = (story: Story): string =>
    `cannot render "${prompts[story]}" for Bearer ${key}: https://cdn.example.org/a.mp4?X-Signature=${signature}`;
  const status = (story: Story, code: number, rest: object = {}): FaultRule['fault'] => ({
    kind: 'status',
    status: code,
    body: { error: { code: 'trouble', message: echo(story) } },
    ...rest,
  });
  return [
    { operation: 'create', match: prompts.refused, fault: status('refused', 400) },
    { operation: 'create', match: prompts.repeated, fault: status('repeated', 429) },
    {
      operation: 'create',
      match: prompts.failed,
      fault: { kind: 'fail_task', error: echo('failed') },
    },
    { operation: 'read', match: prompts.unreadable, times: 2, fault: status('unreadable', 500) },
    { operation: 'create', match: prompts.held, fault: status('held', 500, { accepted: true }) },
    { operation: 'create', match: prompts.cancelled, fault: { kind: 'stuck_task' } },
    { operation: 'cancel', match: prompts.cancelled, times: 2, fault: status('cancelled', 500) },
    { operation: 'create', match: prompts.killed, fault: { kind: 'slow', ms: 60_000 } },
  ];
}

/** What encryption must hide. */
export function privateTextsOf(markers: Markers): readonly string[] {
  return [...Object.values(markers.prompts), markers.negativePrompt, markers.signature];
}
