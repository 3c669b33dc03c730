import type { BatchItem } from '../../src/core/batch.ts';
import { ACCOUNT, MODEL } from '../engine/config.ts';
import { toPrompt } from '../engine/shape.ts';

/** The task has ended when it is read first. */
const INSTANT = { polls: 1, delayMs: 0 };

/** Requests of jobs that end as soon as the engine lets them. */
export function makeItems(count: number): readonly BatchItem[] {
  const prompt = toPrompt(INSTANT);
  return Array.from({ length: count }, (_, index) => ({
    id: `item-${String(index).padStart(6, '0')}`,
    request: { model: `${ACCOUNT}/${MODEL}`, prompt, durationSeconds: 5 },
  }));
}
