import { z } from 'zod';
import type { JsonValue } from '../../core/json.ts';
import type { Logger } from '../../core/logger.ts';
import type { Snapshot, TaskStatus } from '../../core/provider.ts';
import { toApiError } from '../api-error.ts';
import {
  given,
  optional,
  optionalNumber,
  optionalText,
  taskIdSchema,
  unixTime,
  urlText,
} from '../lenient.ts';
import { kindOfUrl } from '../output-kind.ts';
import type { StatusReader } from '../task-status.ts';
import { toFailure } from '../task-status.ts';
import type { WireTask } from '../wire-task.ts';

export const API = 'RixAPI';

export const STATUSES: Readonly<Record<string, TaskStatus>> = {
  queued: 'queued',
  in_progress: 'running',
  completed: 'succeeded',
  failed: 'failed',
};

const usageSchema = z.object({
  type: optionalText,
  output_tokens: optionalNumber,
  total_tokens: optionalNumber,
});

const taskSchema = z.object({
  id: optional(taskIdSchema),
  status: optionalText,
  created_at: optionalNumber,
  completed_at: optionalNumber,
  outputs: optional(z.array(urlText.optional().catch(undefined))),
  error: optional(
    z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]),
  ),
  usage: optional(usageSchema),
});

/** All tokens that a task was billed for. A usage of another type counts something else. */
export function toTokens(usage: JsonValue | undefined): number | undefined {
  const { success, data } = usageSchema.safeParse(usage);
  return success && data.type === 'tokens' ? data.total_tokens : undefined;
}

/** Reads a task out of the body of a submit, a query or a callback: all three have one format. */
export function readTask(
  json: unknown,
  readStatus: StatusReader,
  logger: Logger,
  secrets: readonly string[],
): WireTask | undefined {
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const task = parsed.data;
  if (task.status === undefined) return { id: task.id, snapshot: undefined };
  const status = readStatus(task.status, logger);
  const urls = (task.outputs ?? []).filter((url) => url !== undefined);
  const outputs = urls.map((url) => ({ source: 'url', url, kind: kindOfUrl(url) }) as const);
  const snapshot: Snapshot = {
    status,
    providerStatus: task.status.slice(0, 60),
    ...given({
      outputs: status === 'succeeded' ? outputs : undefined,
      createdAt: unixTime(task.created_at),
      completedAt: unixTime(task.completed_at),
      usage: task.usage === undefined ? undefined : given(task.usage),
    }),
    ...(status === 'failed'
      ? toFailure(API, toApiError(task.error ?? 'no reason was given'), secrets)
      : {}),
  };
  return { id: task.id, snapshot };
}
