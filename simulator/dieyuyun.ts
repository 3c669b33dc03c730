import {
  bearerOf,
  isoSeconds,
  outputUrls,
  progressOf,
  requestId,
  unixSeconds,
  type FilePlace,
  type Dialect,
  type Refusal,
  type Reply,
  type Route,
  type View,
} from './dialect.ts';
import {
  firstProblem,
  numberOf,
  optionalBoolean,
  optionalInteger,
  optionalOneOf,
  optionalSize,
  pixelsOf,
  requiredText,
  textOf,
} from './fields.ts';
import { renderFile } from './media/render.ts';
import { videoSizeOf } from './media/sizes.ts';
import type { Settings } from './options.ts';
import type { CreateSpec, JsonBody, MediaSpec, Task, TaskStatus } from './task.ts';

const IMAGE_PATH = '/v1/images/generations';
/** The guide promises asynchronous video but prints no path for it: these are the usual ones of OpenAI-style gateways. */
const VIDEO_PATH = /^\/v1\/videos?(\/generations)?$/;

/** Asynchronous tasks guide, read 2026-11-21. Its page of error codes is not published: the envelope is OpenAI's. */
export const dieyuyun: Dialect = {
  provider: 'dieyuyun',
  // A cleaned-up task answers with the status `expired`.
  hidesGoneTasks: false,
  apiKey: (headers) => {
    const key = headers['x-api-key'];
    return bearerOf(headers) ?? (typeof key === 'string' ? key : undefined);
  },
  route: routeOf,
  parse,
  created: (task, view) =>
    task.record.spec.isSynchronous ? finishedBody(task, view) : submitBody(task, view),
  read: (task, view) => ({ status: 200, body: readBody(task, view) }),
  error: (refusal) => ({ status: refusal.status, body: envelope(refusal) }),
};

function routeOf(method: string, path: string): Route | undefined {
  if (path === IMAGE_PATH || VIDEO_PATH.test(path)) {
    return method === 'POST' ? { operation: 'create' } : undefined;
  }
  const match = /^\/v1\/tasks\/([^/]+)(\/cancel)?$/.exec(path);
  const taskId = match?.[1];
  if (taskId === undefined) return undefined;
  if (match?.[2] === undefined) return method === 'GET' ? { operation: 'read', taskId } : undefined;
  return method === 'POST' ? { operation: 'cancel', taskId } : undefined;
}

function parse(body: JsonBody, path: string, settings: Settings): CreateSpec | Refusal {
  const kind = path === IMAGE_PATH ? 'image' : 'video';
  const malformed = requiredText(body, 'model');
  if (malformed !== undefined) return { status: 400, message: malformed };
  const model = textOf(body, 'model') ?? '';
  if (!hasModel(settings, model, kind)) {
    return { status: 404, code: 'model_not_found', message: `The model '${model}' does not exist` };
  }
  const problem = firstProblem([
    requiredText(body, 'prompt'),
    optionalBoolean(body, 'async'),
    kind === 'image' ? optionalSize(body, 'size', ['auto']) : undefined,
    optionalInteger(body, 'n', 1, 10),
    optionalOneOf(body, 'output_format', ['png', 'jpeg']),
    kind === 'video' && body['async'] !== true
      ? 'video generation requires async: true'
      : undefined,
  ]);
  if (problem !== undefined) return { status: 400, message: problem };
  const resolution = textOf(body, 'resolution')?.toUpperCase();
  return {
    model,
    prompt: textOf(body, 'prompt') ?? '',
    media: kind === 'image' ? imageOf(body) : videoOf(body, resolution),
    isSynchronous: body['async'] !== true || settings.synchronousModels.includes(model),
    initialStatus: 'queued',
    pricing: resolution === undefined ? {} : { resolution },
    reportsTokens: true,
    ...(body['response_format'] === 'b64_json' ? { isInline: true } : {}),
  };
}

function hasModel(settings: Settings, model: string, kind: MediaSpec['kind']): boolean {
  if (model === 'gpt-image-2') return kind === 'image';
  return settings.models.some(
    (each) => each.provider === 'dieyuyun' && each.model === model && each.kind === kind,
  );
}

function imageOf(body: JsonBody): MediaSpec {
  const size = pixelsOf(textOf(body, 'size') ?? '') ?? { width: 1024, height: 1024 };
  const format = body['output_format'] === 'jpeg' ? 'jpg' : 'png';
  return { kind: 'image', ...size, count: numberOf(body, 'n') ?? 1, format };
}

function videoOf(body: JsonBody, resolution: string | undefined): MediaSpec {
  const asked = Math.round(Number(body['duration'] ?? body['seconds'] ?? 5));
  const durationSeconds = asked >= 1 && asked <= 60 ? asked : 5;
  const ratio = textOf(body, 'ratio') ?? textOf(body, 'aspect_ratio');
  return { kind: 'video', ...videoSizeOf(resolution, ratio), durationSeconds };
}

function submitBody(task: Task, view: View): Reply {
  const { record, state } = task;
  const body = {
    id: record.id,
    status: wordOf(state.status),
    progress: progressOf(task, view.nowMs),
    created_at: isoSeconds(record.createdAtMs),
    request_id: requestId(),
  };
  return { status: 200, body };
}

/** An OpenAI images body, without any id. */
function finishedBody(task: Task, view: View): Reply {
  if (task.state.status !== 'succeeded') {
    const message = task.state.error ?? 'The upstream provider returned an error';
    return { status: 502, body: envelope({ status: 502, code: 'upstream_error', message }) };
  }
  return { status: 200, body: { ...resultOf(task, view.files), usage: usageOf(task) } };
}

function readBody(task: Task, view: View): JsonBody {
  const { record, state } = task;
  const isPastLife = view.nowMs >= record.createdAtMs + view.settings.taskLifeMs;
  const status = isPastLife ? 'expired' : state.status;
  const identity = { id: record.id, status: wordOf(status) };
  const created_at = isoSeconds(record.createdAtMs);
  const changed = isoSeconds(state.changedAtMs);
  if (status === 'failed') {
    const error_message = state.error ?? 'The upstream provider returned an error';
    return {
      ...identity,
      error_code: 'upstream_error',
      error_message,
      created_at,
      failed_at: changed,
    };
  }
  const progress = progressOf(task, view.nowMs);
  const model_code = record.spec.model;
  if (status !== 'succeeded') {
    const updated_at = isoSeconds(state.endedAtMs ?? view.nowMs);
    return { ...identity, progress, model_code, created_at, updated_at };
  }
  const result = resultOf(task, view.files);
  const usage = usageOf(task);
  return { ...identity, progress, model_code, result, usage, created_at, completed_at: changed };
}

function resultOf(task: Task, files: FilePlace): JsonBody {
  const { record, state } = task;
  const data = outputUrls(task, files).map((url, index) => ({
    ...(record.spec.isInline === true
      ? { b64_json: renderFile(record, index).toString('base64') }
      : { url }),
    revised_prompt: record.spec.prompt,
  }));
  return { created: unixSeconds(state.endedAtMs ?? record.createdAtMs), data };
}

function usageOf({ record }: Task): JsonBody {
  const { media } = record.spec;
  return { input_tokens: 0, output_tokens: media.kind === 'image' ? media.count : 1 };
}

function wordOf(status: TaskStatus): string {
  if (status === 'running') return 'processing';
  return status === 'succeeded' ? 'completed' : status;
}

const CODES: Readonly<Record<number, readonly [code: string, type: string]>> = {
  400: ['invalid_request', 'invalid_request_error'],
  401: ['invalid_api_key', 'authentication_error'],
  403: ['insufficient_quota', 'permission_error'],
  404: ['task_not_found', 'invalid_request_error'],
  429: ['rate_limit_exceeded', 'rate_limit_error'],
};

function envelope({ status, code, message }: Refusal): JsonBody {
  const [usualCode, type] = CODES[status] ?? ['server_error', 'server_error'];
  return {
    error: { message, type, param: null, code: code ?? usualCode },
    request_id: requestId(),
  };
}
