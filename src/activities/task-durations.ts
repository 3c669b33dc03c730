import type { Clock } from '../core/clock.ts';
import { toIsoTime } from '../core/clock.ts';
import { learnDurations } from '../core/duration-profile.ts';
import type { DurationProfile } from '../core/duration-profile.ts';
import type { DurationBook, DurationKey, ObservedDuration } from '../core/durations.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { SubmissionId } from '../core/ledger.ts';
import type { Logger } from '../core/logger.ts';

/** What is known of how long tasks take. Neither member throws: what cannot be told costs readings, never a job. */
export interface TaskDurations {
  /** `undefined` until enough is known. */
  profileOf(key: DurationKey): Promise<DurationProfile | undefined>;
  learn(submission: SubmissionId, key: DurationKey, observed: ObservedDuration): Promise<void>;
}

/** The newest durations tell most: a provider's speed changes. */
const NEWEST = 200;
/** How long a profile is used before the ledger is asked again. Milliseconds. */
const FRESH_MS = 30_000;
const MOST_PROFILES = 1_000;

export interface TaskDurationsOptions {
  readonly ledger: DurationBook;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Profiles made from the ledger's durations: of the variant where enough of it is known, else of the model. */
export function createTaskDurations(options: TaskDurationsOptions): TaskDurations {
  const { ledger, clock, logger } = options;
  const known = new Map<string, Known>();

  const load = async (key: DurationKey): Promise<DurationProfile | undefined> => {
    const { account, model } = key;
    const ofVariant = learnDurations(await ledger.durations(key, NEWEST));
    return ofVariant ?? learnDurations(await ledger.durations({ account, model }, NEWEST));
  };
  const loadOr = async (
    key: DurationKey,
    last: DurationProfile | undefined,
  ): Promise<DurationProfile | undefined> =>
    await load(key).catch((error: unknown) => {
      logger.warn('how long tasks take could not be read', { code: toCode(error) });
      return last;
    });

  return {
    profileOf: async (key) => {
      const name = JSON.stringify([key.account, key.model, key.variant]);
      const last = known.get(name);
      if (last !== undefined && clock() - last.atMs < FRESH_MS) return await last.profile;
      const profile = loadOr(key, await last?.profile);
      if (known.size >= MOST_PROFILES) known.clear();
      known.set(name, { atMs: clock(), profile });
      return await profile;
    },
    learn: async (submission, key, observed) => {
      await ledger
        .recordDuration(submission, key, observed, toIsoTime(clock()))
        .catch((error: unknown) => {
          logger.warn('how long a task took could not be kept', { code: toCode(error) });
        });
    },
  };
}

interface Known {
  readonly atMs: number;
  readonly profile: Promise<DurationProfile | undefined>;
}

function toCode(error: unknown): string {
  return isMediaJobError(error) ? error.code : 'defect';
}
