import type { Range } from './options.ts';

/** A number in [0, 1) per call, the same series for the same seed. */
export type Random = () => number;

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The random series of one create: known from the seed, the create's number and the model. */
export function randomOfCreate(seed: number, sequence: number, model: string): Random {
  return createRandom(hashOf(`${seed}/${sequence}/${model}`));
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

export interface Timing {
  /** Milliseconds after the create at which the task leaves its queue. */
  readonly queuedMs: number;
  /** Milliseconds after the create at which it ends. */
  readonly totalMs: number;
}

/** Up to a sixth of the time is spent in the queue. */
export function planTiming(random: Random, [minimum, maximum]: Range, speed: number): Timing {
  const totalMs = Math.round((minimum + random() * (maximum - minimum)) / speed);
  return { queuedMs: Math.round((totalMs * random()) / 6), totalMs };
}
