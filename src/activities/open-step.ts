import type { DecisionRecord } from '../core/job.ts';

export interface OpenJobStep {
  readonly jobId: string;
  /** Number of the submission to admit. */
  readonly number: number;
  /** The workflow's argument, unread. */
  readonly input: unknown;
  /** When the job began, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Why the job has no task yet, for the message if it gives up. */
  readonly lastReason?: string;
  /** Opens `number` although the one before it may have been accepted. */
  readonly resubmit?: ResubmitDecision;
  /**
   * The job was cancelled: it waits for nothing, and is told whether it may have a task. It is written all the same, so
   * that a worker that comes late finds its end.
   */
  readonly isCancelled?: true;
  /** Where nothing can be admitted now, answer so instead of waiting. */
  readonly isImpatient?: true;
}

export interface ResubmitDecision extends DecisionRecord {
  /** True where the account's policy decided, which it may do `maxResubmits` times for one job. */
  readonly isPolicy: boolean;
}
