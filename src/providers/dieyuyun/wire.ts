import { z } from 'zod';
import type { MediaKind } from '../../core/job.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Logger } from '../../core/logger.ts';
import type { Snapshot, TaskOutput, TaskStatus } from '../../core/provider.ts';
import type { ApiError } from '../api-error.ts';
import {
  given,
  isoTime,
  optional,
  optionalNumber,
  optionalProgress,
  optionalText,
  taskIdSchema,
  urlText,
} from '../lenient.ts';
import { kindOfUrl } from '../output-kind.ts';
import type { StatusReader } from '../task-status.ts';
import { reportEnd, toFailure } from '../task-status.ts';
import type { WireTask } from '../wire-task.ts';

export const API = 'DieyuYun';

export const STATUSES: Readonly<Record<string, TaskStatus>> = {
  queued: 'queued',
  processing: 'running',
  completed: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
};

const usageSchema = z.object({
  input_tokens: optionalNumber,
  output_tokens: optionalNumber,
  total_tokens: optionalNumber,
});

const outputSchema = z.object({
  url: optional(urlText),
  b64_json: optional(z.string().min(1)),
});
const outputsSchema = z.array(optional(outputSchema));

const taskSchema = z.object({
  id: optional(taskIdSchema),
  model: optionalText,
  status: optionalText,
  progress: optionalProgress,
  result: optional(z.object({ data: optional(outputsSchema) })),
  /** Of a finished OpenAI body, which is not wrapped in a task. */
  data: optional(outputsSchema),
  error_code: optionalText,
  error_message: optionalText,
  usage: optional(usageSchema),
  created_at: optionalText,
  completed_at: optionalText,
  failed_at: optionalText,
});

type Task = z.infer<typeof taskSchema>;

/** The printed total, else the sum of the two parts that the guide shows. */
export function toTokens(usage: JsonValue | undefined): number | undefined {
  const { success, data } = usageSchema.safeParse(usage);
  if (!success) return undefined;
  const { input_tokens: input, output_tokens: output, total_tokens: total } = data;
  return total ?? (input === undefined || output === undefined ? undefined : input + output);
}

export interface WireContext {
  readonly readStatus: StatusReader;
  readonly logger: Logger;
  readonly secrets: readonly string[];
  /** What the endpoint makes, for outputs that do not say; `undefined` where it is not known. */
  readonly kind: MediaKind | undefined;
}

/** Reads a task, or a finished OpenAI body, out of a create's or a read's answer. */
export function readTask(json: unknown, context: WireContext): WireTask | undefined {
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const task = parsed.data;
  const outputs = toOutputs(task, context.kind);
  // A synchronous answer is the bare OpenAI body: `created` and `data`, no status.
  const word = task.status ?? (outputs.length > 0 ? 'completed' : undefined);
  if (word === undefined) return { id: task.id, snapshot: undefined };
  const status = context.readStatus(word, context.logger);
  const snapshot: Snapshot = {
    status,
    providerStatus: word.slice(0, 60),
    ...given({
      progress: task.progress,
      outputs: status === 'succeeded' ? outputs : undefined,
      model: task.model,
      createdAt: isoTime(task.created_at),
      completedAt: isoTime(task.completed_at ?? task.failed_at),
      usage: task.usage === undefined ? undefined : given(task.usage),
    }),
    ...toEnd(status, task, context.secrets),
  };
  return { id: task.id, snapshot };
}

/** Nothing says what a cancelled or expired task costs, so neither proves that nothing is owed. */
function toEnd(
  status: TaskStatus,
  task: Task,
  secrets: readonly string[],
): Pick<Snapshot, 'error' | 'failureProvesNoCharge'> {
  const error: ApiError = given({ code: task.error_code, message: task.error_message });
  switch (status) {
    case 'failed':
      return toFailure(API, error, secrets);
    case 'cancelled':
      return {
        error: reportEnd(API, 'provider.generation_failed', 'cancelled the task', error, secrets),
        failureProvesNoCharge: false,
      };
    case 'expired':
      return {
        error: reportEnd(API, 'provider.task_expired', 'has cleaned up the result', error, secrets),
        failureProvesNoCharge: false,
      };
    case 'queued':
    case 'running':
    case 'succeeded':
      return {};
  }
}

function toOutputs(task: Task, kind: MediaKind | undefined): readonly TaskOutput[] {
  const rows = task.result?.data ?? task.data ?? [];
  return rows.flatMap((row): TaskOutput[] => {
    if (row?.url !== undefined) {
      return [{ source: 'url', url: row.url, kind: kindOfUrl(row.url) ?? kind }];
    }
    return row?.b64_json === undefined ? [] : [{ source: 'inline', base64: row.b64_json, kind }];
  });
}
