import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Activities, JobPlan } from '../activities/index.ts';
import type { Urgency } from '../core/clocks.ts';
import { toPollQueue, toSubmitQueue, TRANSFER_QUEUE } from '../core/keys.ts';

/** What submit needs beside its POST: arming, the commit of the outcome, the spool, a margin. Milliseconds. */
const SUBMIT_OVERHEAD_MS = 20_000;
const READ_DEADLINE_MS = 25_000;
const LOST_READING_MS = 2_000;
/** Beats come every two seconds: five that are missing are a worker that died. */
const TRANSFER_HEARTBEAT_MS = 12_000;
const TRANSFER_DEADLINE_MS = 31 * 60_000;
const LEDGER_DEADLINE_MS = 30_000;
/** A ledger that takes longer must not hold up a workflow task. */
const OPENING_DEADLINE_MS = 4_000;

const LEDGER_RETRY = {
  initialInterval: 500,
  backoffCoefficient: 2,
  maximumInterval: 30_000,
} as const;

const URGENT = { priorityKey: 1 } as const;

type Steps<Name extends keyof Activities> = Pick<Activities, Name>;

/**
 * Waits for a place as long as it takes: the activity itself knows when to give up. An attempt that runs when the job is
 * cancelled is waited for, so that nothing is written after the end.
 */
export function openingSteps(): Steps<'openJob'> {
  return proxyActivities<Steps<'openJob'>>({
    startToCloseTimeout: LEDGER_DEADLINE_MS,
    retry: LEDGER_RETRY,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: 'write the job, take a place',
  });
}

/** The first try to open a job: one attempt, inside the workflow task. */
export function openingAttempt(): Steps<'openJob'> {
  return proxyLocalActivities<Steps<'openJob'>>({
    startToCloseTimeout: OPENING_DEADLINE_MS,
    retry: { maximumAttempts: 1 },
  });
}

/** Short keyed writes: local, because a second run is harmless. */
export function ledgerSteps(): Steps<'recordCost' | 'adjustCost' | 'closeJob'> {
  return proxyLocalActivities<Steps<'recordCost' | 'adjustCost' | 'closeJob'>>({
    startToCloseTimeout: LEDGER_DEADLINE_MS,
    retry: LEDGER_RETRY,
  });
}

/**
 * One attempt, whatever happens: an attempt that is lost is reconciled, never repeated. One that runs when the job is
 * cancelled is waited for, because its outcome counts.
 */
export function submitStep(plan: JobPlan, number: number): Steps<'submit'> {
  const deadlineMs = plan.timing.submitTimeoutSeconds * 1000 + SUBMIT_OVERHEAD_MS;
  return proxyActivities<Steps<'submit'>>({
    taskQueue: toSubmitQueue(plan.account),
    startToCloseTimeout: deadlineMs,
    heartbeatTimeout: deadlineMs,
    retry: { maximumAttempts: 1 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `submission ${number}: POST to ${plan.account}/${plan.model}`,
  });
}

export function reconcileStep(plan: JobPlan, number: number): Steps<'reconcile'> {
  return proxyActivities<Steps<'reconcile'>>({
    taskQueue: toPollQueue(plan.account),
    startToCloseTimeout: LEDGER_DEADLINE_MS,
    retry: LEDGER_RETRY,
    priority: URGENT,
    summary: `what became of submission ${number}?`,
  });
}

/** Ledger only, so that any number of held jobs takes nothing from an account's poll budget. */
export function watchStep(number: number): Steps<'awaitOutcome'> {
  return proxyActivities<Steps<'awaitOutcome'>>({
    startToCloseTimeout: LEDGER_DEADLINE_MS,
    retry: LEDGER_RETRY,
    summary: `held: waiting for news of submission ${number}`,
  });
}

export function resolveStep(plan: JobPlan, number: number): Steps<'resolveSubmission'> {
  return proxyActivities<Steps<'resolveSubmission'>>({
    taskQueue: toPollQueue(plan.account),
    startToCloseTimeout: LEDGER_DEADLINE_MS,
    retry: LEDGER_RETRY,
    priority: URGENT,
    summary: `carry out the decision about submission ${number}`,
  });
}

export interface FollowOptions {
  /** Milliseconds until no attempt may start any more. */
  readonly lifeMs: number;
  readonly urgency: Urgency;
  readonly summary: string;
}

export function followStep(plan: JobPlan, options: FollowOptions): Steps<'followTask'> {
  return proxyActivities<Steps<'followTask'>>({
    taskQueue: toPollQueue(plan.account),
    startToCloseTimeout: READ_DEADLINE_MS,
    scheduleToCloseTimeout: Math.max(1_000, options.lifeMs),
    // Only for a reading whose worker died: every other names its own delay.
    retry: { initialInterval: LOST_READING_MS, backoffCoefficient: 2, maximumInterval: '1 minute' },
    summary: options.summary,
    ...toPriority(options.urgency),
  });
}

/** Asking to stop is tried for a while; the task is followed to its end either way. */
export function cancelStep(plan: JobPlan): Steps<'cancelTask'> {
  return proxyActivities<Steps<'cancelTask'>>({
    taskQueue: toPollQueue(plan.account),
    startToCloseTimeout: READ_DEADLINE_MS,
    scheduleToCloseTimeout: '2 minutes',
    retry: { initialInterval: 2_000, backoffCoefficient: 2, maximumInterval: 15_000 },
    priority: URGENT,
    summary: 'ask the provider to stop the task',
  });
}

/** An attempt that runs when a fresh one is wanted is waited for: what it has fetched is not thrown away. */
export function storeStep(index: number, lifeMs: number, urgency: Urgency): Steps<'storeArtifact'> {
  return proxyActivities<Steps<'storeArtifact'>>({
    taskQueue: TRANSFER_QUEUE,
    startToCloseTimeout: TRANSFER_DEADLINE_MS,
    heartbeatTimeout: TRANSFER_HEARTBEAT_MS,
    scheduleToCloseTimeout: Math.max(1_000, lifeMs),
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 60_000 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `output ${index}: fetch, check, publish`,
    ...toPriority(urgency),
  });
}

/** The files are safe by then, so a store that is away holds nobody up for long. */
export function provenanceStep(): Steps<'writeProvenance'> {
  return proxyActivities<Steps<'writeProvenance'>>({
    taskQueue: TRANSFER_QUEUE,
    startToCloseTimeout: LEDGER_DEADLINE_MS,
    scheduleToCloseTimeout: '10 minutes',
    retry: LEDGER_RETRY,
    summary: 'write job.json beside the files',
  });
}

function toPriority({ priorityKey }: Urgency): Pick<ActivityOptions, 'priority'> {
  return priorityKey === undefined ? {} : { priority: { priorityKey } };
}
