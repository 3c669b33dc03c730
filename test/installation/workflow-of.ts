import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { toWorkflowId } from '../../src/core/keys.ts';
import type { TestInstallation } from './installation.ts';
import { until } from './until.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];
export type EventId = NonNullable<HistoryEvent['eventId']>;
export type PendingActivity = NonNullable<
  WorkflowExecutionDescription['raw']['pendingActivities']
>[number];

/** The dev server's own. */
const NAMESPACE = 'default';

/** The latest run of a job's workflow, as an operator handles it. */
export function workflowOf({ access }: TestInstallation, jobId: string): WorkflowHandle {
  return access.temporal.workflow.getHandle(toWorkflowId(jobId));
}

/** The job's activity of this name that is queued, running or waiting to be tried again. */
export async function pendingActivity(
  installation: TestInstallation,
  jobId: string,
  name: string,
): Promise<PendingActivity | undefined> {
  const { raw } = await workflowOf(installation, jobId).describe();
  return raw.pendingActivities?.find(({ activityType }) => activityType?.name === name);
}

export async function readHistory(
  installation: TestInstallation,
  jobId: string,
): Promise<readonly HistoryEvent[]> {
  const { events } = await workflowOf(installation, jobId).fetchHistory();
  return events ?? [];
}

/** Ends the run and starts another one, which knows the history up to the end of a workflow task. */
export async function resetWorkflow(
  { access }: TestInstallation,
  jobId: string,
  workflowTaskFinishEventId: EventId,
): Promise<void> {
  await access.temporal.workflowService.resetWorkflowExecution({
    namespace: NAMESPACE,
    workflowExecution: { workflowId: toWorkflowId(jobId) },
    workflowTaskFinishEventId,
    requestId: randomUUID(),
    reason: 'test',
  });
}

/** Has an activity begin anew, as the button of the UI does. */
export async function resetActivity(
  { access }: TestInstallation,
  jobId: string,
  { activityId }: PendingActivity,
): Promise<void> {
  await access.temporal.workflowService.resetActivity({
    namespace: NAMESPACE,
    execution: { workflowId: toWorkflowId(jobId) },
    id: activityId ?? '',
    identity: 'test',
  });
}

/** Lets an activity be tried more often than its workflow wanted. */
export async function allowAttempts(
  { access }: TestInstallation,
  jobId: string,
  { activityId }: PendingActivity,
  maximumAttempts: number,
): Promise<void> {
  await access.temporal.workflowService.updateActivityOptions({
    namespace: NAMESPACE,
    execution: { workflowId: toWorkflowId(jobId) },
    id: activityId ?? '',
    identity: 'test',
    activityOptions: { retryPolicy: { maximumAttempts } },
    updateMask: { paths: ['retry_policy.maximum_attempts'] },
  });
}

/** Removes every trace of the job from Temporal, as the end of its retention would. */
export async function forgetWorkflow(installation: TestInstallation, jobId: string): Promise<void> {
  await installation.access.temporal.workflowService.deleteWorkflowExecution({
    namespace: NAMESPACE,
    workflowExecution: { workflowId: toWorkflowId(jobId) },
  });
  await until('the workflow to be gone', async () => {
    const answer: unknown = await workflowOf(installation, jobId)
      .describe()
      .catch((error: unknown) => error);
    return answer instanceof WorkflowNotFoundError;
  });
}
