import { z } from 'zod';
import type { MediaKind } from '../../core/job.ts';
import type { Logger } from '../../core/logger.ts';
import type {
  ListAnswer,
  Snapshot,
  TaskOutput,
  TaskStatus,
  TaskSummary,
} from '../../core/provider.ts';
import { toApiError } from '../api-error.ts';
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
import type { StatusReader } from '../task-status.ts';
import { toFailure } from '../task-status.ts';
import type { WireTask } from '../wire-task.ts';

export const API = 'NexusFlow';

/** `pending → running → succeeded | failed`; there is no cancelled and no expired. */
export const STATUSES: Readonly<Record<string, TaskStatus>> = {
  pending: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
};

const imageSchema = z.union([urlText, z.object({ url: urlText }).transform(({ url }) => url)]);

/** What the upstream counted, passed through: seen, not documented. */
const usageSchema = z.object({
  /** Input and output together. */
  duration: optionalNumber,
  input_video_duration: optionalNumber,
  output_video_duration: optionalNumber,
  video_duration: optionalNumber,
});

const outputSchema = z.object({
  video_url: optional(urlText),
  image_url: optional(urlText),
  images: optional(z.array(imageSchema.optional().catch(undefined))),
  usage: optional(usageSchema),
});

/** Only what is used; a field that is not what it ought to be counts as absent. */
const taskSchema = z.object({
  id: optional(taskIdSchema),
  status: optionalText,
  model: optionalText,
  progress: optionalProgress,
  output: optional(outputSchema),
  error: optional(
    z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]),
  ),
  created_at: optionalText,
  completed_at: optionalText,
});

const listSchema = z.object({ data: z.array(z.unknown()) });

export interface WireContext {
  readonly readStatus: StatusReader;
  readonly logger: Logger;
  readonly secrets: readonly string[];
}

/** Reads a task out of a create's or a read's body. State comes from the body alone: images finish in a 202, too. */
export function readTask(json: unknown, context: WireContext): WireTask | undefined {
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const task = parsed.data;
  if (task.status === undefined) return { id: task.id, snapshot: undefined };
  const status = context.readStatus(task.status, context.logger);
  const snapshot: Snapshot = {
    status,
    providerStatus: task.status.slice(0, 60),
    ...given({
      progress: task.progress,
      outputs: status === 'succeeded' ? toOutputs(task.output) : undefined,
      model: task.model,
      createdAt: isoTime(task.created_at),
      completedAt: isoTime(task.completed_at),
      ...(status === 'succeeded' ? toUsage(task.output?.usage) : {}),
    }),
    ...(status === 'failed'
      ? toFailure(API, toApiError(task.error ?? 'no reason was given'), context.secrets)
      : {}),
  };
  return { id: task.id, snapshot };
}

function toUsage(
  printed: z.infer<typeof usageSchema> | undefined,
): Pick<Snapshot, 'usage' | 'statedSeconds'> {
  if (printed === undefined) return {};
  const usage = given(printed);
  if (Object.keys(usage).length === 0) return {};
  const { output_video_duration, video_duration, input_video_duration, duration } = printed;
  const whole = (input_video_duration ?? 0) === 0 ? duration : undefined;
  const seconds = output_video_duration ?? video_duration ?? whole;
  const isStated = seconds !== undefined && seconds > 0;
  return { usage, ...(isStated ? { statedSeconds: seconds } : {}) };
}

/** The list page: newest first, without outputs. `undefined` where it is no list. */
export function readList(
  json: unknown,
  limit: number,
  context: WireContext,
): Extract<ListAnswer, { outcome: 'listed' }> | undefined {
  const parsed = listSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const rows = parsed.data.data;
  const tasks = rows.map((row) => toSummary(row, context));
  // A row that cannot be read could be the task that is looked for: then nothing may be concluded from the page.
  if (tasks.some((task) => task === undefined)) return undefined;
  return {
    outcome: 'listed',
    tasks: tasks.filter((task) => task !== undefined),
    isWholePage: rows.length >= limit,
  };
}

function toSummary(row: unknown, context: WireContext): TaskSummary | undefined {
  const parsed = taskSchema.safeParse(row);
  if (!parsed.success || parsed.data.id === undefined) return undefined;
  const { id, model, status, created_at: createdAt } = parsed.data;
  return {
    taskId: id,
    model,
    status: context.readStatus(status ?? 'running', context.logger),
    createdAt: isoTime(createdAt),
  };
}

function toOutputs(output: z.infer<typeof outputSchema> | undefined): readonly TaskOutput[] {
  const images = [output?.image_url, ...(output?.images ?? [])].filter((url) => url !== undefined);
  const toOutput = (url: string, kind: MediaKind): TaskOutput => ({ source: 'url', url, kind });
  return [
    ...(output?.video_url === undefined ? [] : [toOutput(output.video_url, 'video')]),
    ...[...new Set(images)].map((url) => toOutput(url, 'image')),
  ];
}
