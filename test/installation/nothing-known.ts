import type { ActivityPorts } from '../../src/activities/index.ts';

/** Of no task is it known how long it takes. */
export const NOTHING_KNOWN: ActivityPorts['durations'] = {
  profileOf: () => Promise.resolve(undefined),
  learn: () => Promise.resolve(),
};
