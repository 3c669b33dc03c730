import type { Decision } from '../core/job.ts';

/** Arguments come from the UI and from other languages, so their type is a promise that nobody checked. */
export function requireDecision(value: unknown): void {
  const given = (value ?? {}) as Partial<Record<keyof Decision, unknown>>;
  for (const field of ['author', 'reason'] as const) {
    if (typeof given[field] !== 'string' || given[field].trim() === '') {
      throw new Error(
        `${field} must be a text that is not empty; send {"author": "...", "reason": "..."}`,
      );
    }
  }
}
