import type { PageEnd } from './batch-page.ts';
import type { Decision, JobResult } from './job.ts';

/** A job's workflow as a batch asks for it. */
export type ItemRun =
  /** `requestHash`: absent where it was started without one. */
  | { readonly kind: 'running'; readonly requestHash?: string }
  /** `result`: absent where it left none. */
  | { readonly kind: 'closed'; readonly how: string; readonly result?: JobResult }
  /** Temporal knows no such workflow. */
  | { readonly kind: 'missing' };

/** The workflows of a batch's jobs and pages. Every member throws `temporal.unavailable`. */
export interface BatchRuns {
  item(jobId: string): Promise<ItemRun>;
  /** Asks a job to cancel. One that has ended or does not exist is left as it is. */
  cancelItem(jobId: string, decision: Decision): Promise<void>;
  /** How a page has ended; `undefined` while it runs. */
  page(workflowId: string): Promise<PageEnd | undefined>;
}
