import type { JobInput } from './job.ts';

/** How the workflow of a job stands at the Temporal server. */
export type RunState =
  | { readonly kind: 'running'; readonly historyLength: number }
  | {
      readonly kind: 'closed';
      readonly how: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out' | 'other';
    }
  /** Temporal knows no such workflow: never started, deleted, or past its retention. */
  | { readonly kind: 'missing' };

/** The workflows of jobs, for whoever looks after them from outside. Every member throws `temporal.unavailable`. */
export interface JobRuns {
  state(jobId: string): Promise<RunState>;
  /**
   * Runs a job again under its own id. `refused`: it runs, or has completed. The new run finds its submission in the
   * ledger and sends nothing for it.
   */
  startAgain(jobId: string, input: JobInput): Promise<'started' | 'refused'>;
  /** Wakes the job as a callback does. False: no open workflow. */
  notify(jobId: string, number: number, taskId?: string): Promise<boolean>;
}
