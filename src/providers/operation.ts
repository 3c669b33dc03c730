import { z } from 'zod';
import type { Operation } from '../core/provider.ts';
import { taskIdSchema } from './lenient.ts';

/** What the adapters keep of a task: enough to read it without the request that made it. */
export interface TaskOperation {
  /** `null` where the provider named none. */
  readonly taskId: string | null;
  /** The address the task was created at, which outlives a change of the account's base URL. */
  readonly baseUrl: string;
}

const operationSchema = z.object({ taskId: taskIdSchema.nullable(), baseUrl: z.string() });

/** Throws a `TypeError` for an operation of another adapter: that is a defect, not an answer. */
export function toTaskOperation(operation: Operation): TaskOperation {
  const parsed = operationSchema.safeParse(operation);
  if (!parsed.success) throw new TypeError('the operation is not one that this adapter made');
  return parsed.data;
}

/** `<baseUrl><path>/<taskId><suffix>`. */
export function taskUrl(
  operation: TaskOperation & { taskId: string },
  path: string,
  suffix = '',
): URL {
  return new URL(`${operation.baseUrl}${path}/${encodeURIComponent(operation.taskId)}${suffix}`);
}

/** True where the provider named the task. */
export function hasTaskId(
  operation: TaskOperation,
): operation is TaskOperation & { taskId: string } {
  return operation.taskId !== null;
}
