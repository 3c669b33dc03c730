import { metricMeter } from '@temporalio/workflow';

/** Counters to alert on. Tags are names from the configuration and words of ours, never ids. Metric names are wire format. */

/** A job waits for a person, or for trouble to pass that a person may end. */
export function countHold(account: string, reason: string): void {
  count('pollux_job_holds', 'holds that began', { account, reason });
}

/** A job ended because a clock of the provider's ran out: something that was paid for may be lost. */
export function countExpiry(account: string, code: string): void {
  count('pollux_job_expiries', 'jobs that expired', { account, code });
}

/** A reading or a download has less than a tenth of its time left and goes before all others. */
export function countUrgent(account: string, step: 'poll' | 'download'): void {
  count('pollux_urgent_steps', 'steps whose time runs out', { account, step });
}

function count(name: string, description: string, tags: Readonly<Record<string, string>>): void {
  metricMeter.createCounter(name, undefined, description).add(1, { ...tags });
}
