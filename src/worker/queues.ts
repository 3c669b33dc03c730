import type { WorkerOptions as SdkWorkerOptions } from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import type { BatchActivities } from '../activities/batch.ts';
import type { MaintenanceActivities } from '../activities/maintenance.ts';
import type { Account } from '../core/account.ts';
import { DEFAULT_TIMING } from '../core/account.ts';
import {
  BATCH_QUEUE,
  toPollQueue,
  toSubmitQueue,
  TRANSFER_QUEUE,
  WORKFLOW_QUEUE,
} from '../core/keys.ts';
import { workflowBundlePath } from '../runtime/workflow-bundle.ts';

/** What a step may still take after the signal, beside a POST's own deadline. Milliseconds. */
const GRACE_MS = 10_000;
const FORCE_AFTER_MS = 5_000;

/**
 * Waiting jobs are polled without their workflows, so few need to be in memory. Each costs about half a MiB (measured);
 * the SDK's own default keeps thousands of them on a machine with much memory.
 */
const CACHED_WORKFLOWS = 300;
const CACHED_PAGES = 50;

/** Jobs, the steps that touch nothing but the ledger, and what belongs to no single job. */
export function workflowQueue({
  openJob,
  awaitOutcome,
  recordCost,
  adjustCost,
  closeJob,
  sweep,
}: Activities & MaintenanceActivities): SdkWorkerOptions {
  return {
    taskQueue: WORKFLOW_QUEUE,
    workflowBundle: { codePath: workflowBundlePath() },
    activities: { openJob, awaitOutcome, recordCost, adjustCost, closeJob, sweep },
    maxCachedWorkflows: CACHED_WORKFLOWS,
    // How long the jobs of a worker that died wait for it before another takes them.
    stickyQueueScheduleToStartTimeout: '5 seconds',
    ...shutdownTimes(GRACE_MS),
  };
}

/**
 * Batches and their pages, with their steps. A page of 500 items costs some MiB in memory, and seconds to read anew from
 * its history.
 */
export function batchQueue(batches: BatchActivities): SdkWorkerOptions {
  return {
    taskQueue: BATCH_QUEUE,
    workflowBundle: { codePath: workflowBundlePath() },
    activities: { ...batches },
    maxCachedWorkflows: CACHED_PAGES,
    // Page and batch wait one after the other for a worker that died, and the window drains meanwhile.
    stickyQueueScheduleToStartTimeout: '2 seconds',
    ...shutdownTimes(GRACE_MS),
  };
}

/** A POST in flight is never cut off: the grace outlasts its deadline. */
export function submitQueue(
  account: Account,
  { submit }: Activities,
  share: number,
): SdkWorkerOptions {
  const timeoutSeconds = account.timing.submitTimeoutSeconds ?? DEFAULT_TIMING.submitTimeoutSeconds;
  return {
    taskQueue: toSubmitQueue(account.name),
    activities: { submit },
    ...toRates(account.limits.submitsPerMinute, share),
    maxConcurrentActivityTaskExecutions: 50,
    maxConcurrentActivityTaskPolls: 2,
    ...shutdownTimes(timeoutSeconds * 1000 + GRACE_MS),
  };
}

/** `share`: the part of the account's budget that the task queue's rate may use. */
export function pollQueue(
  account: Account,
  { followTask, reconcile, resolveSubmission, cancelTask }: Activities,
  share: number,
): SdkWorkerOptions {
  return {
    taskQueue: toPollQueue(account.name),
    activities: { followTask, reconcile, resolveSubmission, cancelTask },
    ...toRates(account.limits.pollsPerMinute, share),
    maxConcurrentActivityTaskExecutions: 50,
    maxConcurrentActivityTaskPolls: toPollers(account.limits.pollsPerMinute),
    ...shutdownTimes(GRACE_MS),
  };
}

/** Downloads. Heartbeats carry where a transfer stands, so they are sent often. */
export function transferQueue({ storeArtifact, writeProvenance }: Activities): SdkWorkerOptions {
  return {
    taskQueue: TRANSFER_QUEUE,
    activities: { storeArtifact, writeProvenance },
    maxConcurrentActivityTaskExecutions: 8,
    maxConcurrentActivityTaskPolls: 2,
    maxHeartbeatThrottleInterval: '2 seconds',
    ...shutdownTimes(GRACE_MS),
  };
}

/** Each poller that waits for a task may bring one at once, so a slow queue has few. */
function toPollers(perMinute: number): number {
  return Math.min(10, Math.max(2, Math.round(perMinute / 600)));
}

/**
 * The server's limit holds for all workers together, but lets a second's worth go at once after an idle time; each
 * worker's own limit has no such burst (measured: 17 in the first second at 10 per second, 11 with both).
 */
function toRates(
  perMinute: number,
  share: number,
): Pick<SdkWorkerOptions, 'maxTaskQueueActivitiesPerSecond' | 'maxActivitiesPerSecond'> {
  const perSecond = (perMinute / 60) * share;
  return { maxTaskQueueActivitiesPerSecond: perSecond, maxActivitiesPerSecond: perSecond };
}

function shutdownTimes(
  graceMs: number,
): Pick<SdkWorkerOptions, 'shutdownGraceTime' | 'shutdownForceTime'> {
  return { shutdownGraceTime: graceMs, shutdownForceTime: graceMs + FORCE_AFTER_MS };
}
