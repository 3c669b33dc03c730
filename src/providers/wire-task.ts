import type { Operation, Snapshot } from '../core/provider.ts';
import type { CreatedTask } from './submission.ts';

/** A task as a body shows it. */
export interface WireTask {
  readonly id: string | undefined;
  /** `undefined` where the body names no status. */
  readonly snapshot: Snapshot | undefined;
}

const NOT_SAID: Snapshot = { status: 'queued', providerStatus: '' };

/** The task that a create's body proves: it has an id, or it is finished and carries its result. */
export function toCreatedTask(
  task: WireTask | undefined,
  toOperation: (taskId: string | null) => Operation,
): CreatedTask | undefined {
  const snapshot = task?.snapshot ?? NOT_SAID;
  const carriesResult = snapshot.status === 'succeeded' && (snapshot.outputs ?? []).length > 0;
  if (task === undefined || (task.id === undefined && !carriesResult)) return undefined;
  return { taskId: task.id, operation: toOperation(task.id ?? null), snapshot };
}

/** The state of the task that was asked for. A body about another task tells nothing about this one. */
export function toAskedSnapshot(task: WireTask | undefined, taskId: string): Snapshot | undefined {
  return (task?.id ?? taskId) === taskId ? task?.snapshot : undefined;
}
