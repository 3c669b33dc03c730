import {
  bearerOf,
  isoMilliseconds,
  outputUrls,
  progressOf,
  requestId,
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
  optionalText,
  pixelsOf,
  requiredText,
  textOf,
  urlList,
  type Problem,
} from './fields.ts';
import { RATIOS, RESOLUTIONS, videoSizeOf } from './media/sizes.ts';
import { isFinal, type CreateSpec, type JsonBody, type MediaSpec, type Task } from './task.ts';
import { hashOf } from './timing.ts';

type Mode = 'text-to-image' | 'text-to-video' | 'image-to-video' | 'reference' | 'edit';

const MODELS: Readonly<Record<string, Mode>> = {
  'wan2.6-t2i': 'text-to-image',
  'wan2.6-t2v': 'text-to-video',
  'wan2.6-i2v': 'image-to-video',
  'happyhorse-1.0-t2v': 'text-to-video',
  'happyhorse-1.0-i2v': 'image-to-video',
  'happyhorse-1.0-r2v': 'reference',
  'happyhorse-1.0-video-edit': 'edit',
  'pixverse-v6': 'text-to-video',
};

const LARGEST_SEED = 2_147_483_647;
const DEFAULT_DURATION_SECONDS = 5;

/** Task and video pages, read 2026-11-21; the envelope and the codes are from the errors page. */
export const nexusflow: Dialect = {
  provider: 'nexusflow',
  hidesGoneTasks: true,
  apiKey: bearerOf,
  route: routeOf,
  parse,
  // 202 for synchronous images, too.
  created: (task, view) =>
    answer(202, isFinal(task.state.status) ? readBody(task, view) : createBody(task)),
  read: (task, view) => answer(200, readBody(task, view)),
  list: (tasks, view) =>
    answer(200, { object: 'list', data: tasks.map((task) => listRow(task, view)) }),
  error: (refusal) => answer(refusal.status, envelope(refusal)),
};

function routeOf(method: string, path: string, query: URLSearchParams): Route | undefined {
  if (path === '/v1/tasks' && method === 'POST') return { operation: 'create' };
  if (path === '/v1/tasks' && method === 'GET') return { operation: 'list', limit: limitOf(query) };
  const taskId = /^\/v1\/tasks\/([^/]+)$/.exec(path)?.[1];
  return taskId !== undefined && method === 'GET' ? { operation: 'read', taskId } : undefined;
}

function limitOf(query: URLSearchParams): number {
  const asked = Number.parseInt(query.get('limit') ?? '20', 10);
  return Number.isInteger(asked) && asked >= 1 ? Math.min(100, asked) : 20;
}

function parse(body: JsonBody): CreateSpec | Refusal {
  const malformed = requiredText(body, 'model');
  if (malformed !== undefined) return { status: 400, message: malformed };
  const model = textOf(body, 'model') ?? '';
  const mode = MODELS[model];
  if (mode === undefined) {
    return { status: 404, code: 'model_not_found', message: `The model '${model}' does not exist` };
  }
  const problem = mode === 'text-to-image' ? imageProblem(body) : videoProblem(body, model, mode);
  if (problem !== undefined) return { status: 400, message: problem };
  const resolution = textOf(body, 'resolution') ?? '720P';
  return {
    model,
    prompt: textOf(body, 'prompt') ?? '',
    media: mode === 'text-to-image' ? imageOf(body) : videoOf(body, mode, resolution),
    isSynchronous: mode === 'text-to-image',
    initialStatus: 'running',
    pricing: mode === 'text-to-image' ? {} : { resolution, hasAudio: body['audio'] === true },
  };
}

function imageProblem(body: JsonBody): Problem {
  return firstProblem([
    requiredText(body, 'prompt'),
    optionalText(body, 'negative_prompt'),
    optionalSize(body, 'size'),
    optionalInteger(body, 'n', 1, 4),
    optionalInteger(body, 'seed', 0, LARGEST_SEED),
  ]);
}

function videoProblem(body: JsonBody, model: string, mode: Mode): Problem {
  const hasOptionalPrompt = model === 'happyhorse-1.0-i2v';
  return firstProblem([
    hasOptionalPrompt ? optionalText(body, 'prompt') : requiredText(body, 'prompt'),
    optionalOneOf(body, 'resolution', RESOLUTIONS),
    optionalOneOf(body, 'ratio', RATIOS),
    optionalInteger(body, 'duration', 3, 15),
    optionalBoolean(body, 'watermark'),
    optionalInteger(body, 'seed', 0, LARGEST_SEED),
    mode === 'image-to-video' ? requiredText(body, 'img_url') : optionalText(body, 'img_url'),
    mode === 'reference' ? urlList(body, 'img_urls', 1, 9) : undefined,
    mode === 'edit' ? urlList(body, 'img_urls', 0, 5) : undefined,
    mode === 'edit' ? requiredText(body, 'video_url') : undefined,
  ]);
}

function imageOf(body: JsonBody): MediaSpec {
  const size = pixelsOf(textOf(body, 'size') ?? '1024x1024') ?? { width: 1024, height: 1024 };
  return { kind: 'image', ...size, count: numberOf(body, 'n') ?? 1, format: 'png' };
}

function videoOf(body: JsonBody, mode: Mode, resolution: string): MediaSpec {
  // An edit is as long as its source, which nobody downloads here: 3 to 15 s, decided by its address.
  const durationSeconds =
    mode === 'edit'
      ? 3 + (hashOf(textOf(body, 'video_url') ?? '') % 13)
      : (numberOf(body, 'duration') ?? DEFAULT_DURATION_SECONDS);
  return { kind: 'video', ...videoSizeOf(resolution, textOf(body, 'ratio')), durationSeconds };
}

function createBody({ record, state }: Task): JsonBody {
  return {
    id: record.id,
    object: 'task',
    status: wordOf(state.status),
    model: record.spec.model,
    type: record.spec.media.kind,
    created_at: isoMilliseconds(record.createdAtMs),
  };
}

function readBody(task: Task, view: View): JsonBody {
  const { created_at, ...identity } = createBody(task);
  const { state } = task;
  const completed =
    state.endedAtMs === undefined ? {} : { completed_at: isoMilliseconds(state.endedAtMs) };
  if (state.status === 'failed') {
    return { ...identity, error: state.error ?? '', created_at, ...completed };
  }
  const output = state.status === 'succeeded' ? { output: outputOf(task, view.files) } : {};
  return { ...identity, progress: percent(task, view), ...output, created_at, ...completed };
}

function outputOf(task: Task, files: FilePlace): JsonBody {
  const urls = outputUrls(task, files);
  return task.record.spec.media.kind === 'video'
    ? { video_url: urls[0] }
    : { type: 'image', image_url: urls[0], images: urls };
}

function listRow(task: Task, view: View): JsonBody {
  const { state } = task;
  const { created_at, ...identity } = createBody(task);
  const completed_at = state.endedAtMs === undefined ? null : isoMilliseconds(state.endedAtMs);
  return { ...identity, progress: percent(task, view), created_at, completed_at };
}

function percent(task: Task, view: View): number {
  if (!view.settings.syntheticProgress) return progressOf(task, view.nowMs);
  if (task.state.status === 'succeeded') return 100;
  return task.state.status === 'running' && task.record.plan.end !== 'never' ? 50 : 0;
}

function wordOf(status: Task['state']['status']): string {
  return status === 'queued' ? 'pending' : status;
}

const CODES: Readonly<Record<number, readonly [code: string, type: string]>> = {
  400: ['invalid_parameter', 'invalid_request_error'],
  401: ['invalid_api_key', 'authentication_error'],
  402: ['insufficient_balance', 'insufficient_quota'],
  403: ['insufficient_quota', 'permission_error'],
  404: ['task_not_found', 'invalid_request_error'],
  429: ['rate_limit_exceeded', 'rate_limit_error'],
};

function envelope({ status, code, message }: Refusal): JsonBody {
  const [usualCode, type] = CODES[status] ?? ['server_error', 'server_error'];
  return { error: { code: code ?? usualCode, message, type } };
}

function answer(status: number, body: JsonBody): Reply {
  return { status, headers: { 'x-request-id': requestId() }, body };
}
