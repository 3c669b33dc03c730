import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { FollowProgress } from '../activities/index.ts';
import type { JobState } from '../core/job.ts';

/**
 * Lays what the pending `followTask` last told over the state that the workflow knows: its readings leave no trace in the
 * history, so the workflow has not heard of them.
 */
export async function withPendingFollow(
  temporal: Client,
  description: WorkflowExecutionDescription,
  state: JobState,
): Promise<JobState> {
  const pending = description.raw.pendingActivities?.find(
    (activity) => activity.activityType?.name === 'followTask',
  );
  const payloads = pending?.heartbeatDetails?.payloads;
  if (pending === undefined || !payloads || payloads.length === 0) return state;
  const progress = await decodeFromPayloadsAtIndex<FollowProgress>(
    temporal.options.loadedDataConverter,
    0,
    payloads,
  );
  const scheduled = toIsoTime(pending.nextAttemptScheduleTime ?? pending.scheduledTime);
  return {
    ...state,
    polls: Math.max(state.polls, progress.polls),
    progress: progress.progress ?? state.progress,
    nextPollAt: scheduled ?? progress.nextPollAt,
  };
}

interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

function toIsoTime(timestamp: Timestamp | null | undefined): string | undefined {
  if (timestamp === null || timestamp === undefined) return undefined;
  const milliseconds = Number(timestamp.seconds) * 1000 + Math.floor((timestamp.nanos ?? 0) / 1e6);
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : undefined;
}
