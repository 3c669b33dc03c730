/** What a run is made of. Seconds and counts. */
export interface InflightPlan {
  readonly jobs: number;
  /** Between two readings of a job, before jitter. */
  readonly intervalSeconds: number;
  /** The account's budget. */
  readonly pollsPerMinute: number;
}

/** What the budget has beyond the jobs' own readings: a worker that begins anew must not need more. */
const HEADROOM = 4 / 3;

export function toPlan(jobs: number, intervalSeconds: number): InflightPlan {
  const pollsPerMinute = Math.ceil(((jobs * 60) / intervalSeconds) * HEADROOM);
  return { jobs, intervalSeconds, pollsPerMinute };
}
