import {
  bearerOf,
  outputUrls,
  requestId,
  unixSeconds,
  type FilePlace,
  type Dialect,
  type Refusal,
  type Route,
} from './dialect.ts';
import {
  firstProblem,
  numberOf,
  objectOf,
  optionalText,
  pixelsOf,
  requiredText,
  textOf,
} from './fields.ts';
import { videoSizeOf } from './media/sizes.ts';
import type { Settings } from './options.ts';
import type { CreateSpec, JsonBody, MediaSpec, Task, TaskStatus } from './task.ts';

type Kind = 'video' | 'image' | 'either';

/** The table of example models in the unified task guide, read 2026-11-21. */
const MODELS: Readonly<Record<string, Kind>> = {
  'kling-v2': 'either',
  'kling-v1-6': 'either',
  'kling-v3/text-to-video': 'video',
  'luma-ray-2': 'video',
  'luma-photon': 'video',
  'runway-gen4': 'video',
  'runwayml-gen3a-turbo': 'video',
  'veo-3': 'video',
  'minimax-video-01': 'video',
  'vidu-2.0': 'video',
  'jimeng-v2': 'either',
  'doubao-seedance-1-0-pro': 'video',
  'flux-pro': 'image',
  'flux-kontext-pro': 'image',
  'grok-2-image': 'video',
  'wanx-v2': 'either',
};

const WORDS: Readonly<Record<TaskStatus, string>> = {
  queued: 'queued',
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'failed',
  expired: 'failed',
};

/** Unified task guide, read 2026-11-21; the envelope is the one seen from gateways of this engine. */
export const rixapi: Dialect = {
  provider: 'rixapi',
  hidesGoneTasks: true,
  apiKey: bearerOf,
  route: routeOf,
  parse,
  created: ({ record, state }) => ({
    status: 200,
    body: {
      id: record.id,
      status: WORDS[state.status],
      created_at: unixSeconds(record.createdAtMs),
    },
  }),
  read: (task, view) => ({ status: 200, body: rixTaskBody(task, view.files) }),
  error: (refusal) => ({ status: refusal.status, body: envelope(refusal) }),
};

/** The body of a query, and of a callback. */
export function rixTaskBody(task: Task, files: FilePlace): JsonBody {
  const { record, state } = task;
  return {
    id: record.id,
    status: WORDS[state.status],
    created_at: unixSeconds(record.createdAtMs),
    ...(state.endedAtMs === undefined ? {} : { completed_at: unixSeconds(state.endedAtMs) }),
    ...(state.status === 'succeeded' ? { outputs: outputUrls(task, files) } : {}),
    ...(state.status === 'succeeded' && record.spec.reportsTokens === true
      ? { usage: usageOf(task) }
      : {}),
    ...(WORDS[state.status] === 'failed' ? { error: state.error ?? 'task failed' } : {}),
  };
}

function usageOf({ record }: Task): JsonBody {
  const { media } = record.spec;
  const seconds = media.kind === 'video' ? media.durationSeconds : 1;
  const tokens = Math.round((media.width * media.height * seconds * 24) / 1024);
  return { type: 'tokens', output_tokens: tokens, total_tokens: tokens };
}

function routeOf(method: string, path: string): Route | undefined {
  if (path === '/v1/task/submit') return method === 'POST' ? { operation: 'create' } : undefined;
  // Model ids have slashes, task ids have none.
  const taskId = /^\/v1\/task\/([^/]+)$/.exec(path)?.[1];
  return taskId !== undefined && method === 'GET' ? { operation: 'read', taskId } : undefined;
}

function parse(body: JsonBody, _path: string, settings: Settings): CreateSpec | Refusal {
  const input = objectOf(body['input']);
  const callbackUrl = textOf(body, 'callback_url');
  const problem = firstProblem([
    requiredText(body, 'model'),
    input === undefined ? 'input is required and must be an object' : undefined,
    optionalText(body, 'callback_url'),
    callbackUrl === undefined || /^https?:\/\//.test(callbackUrl)
      ? undefined
      : 'callback_url must be an http or https URL',
  ]);
  if (problem !== undefined || input === undefined) {
    return { status: 400, message: problem ?? 'input is required' };
  }
  const model = textOf(body, 'model') ?? '';
  const kind = kindOf(model, settings);
  if (kind === undefined) {
    return { status: 404, code: 'model_not_found', message: `model ${model} not found` };
  }
  const resolution = textOf(input, 'resolution')?.toUpperCase();
  return {
    model,
    prompt: textOf(input, 'prompt') ?? '',
    media: mediaOf(input, kind, resolution),
    isSynchronous: false,
    initialStatus: 'queued',
    pricing: {
      ...(resolution === undefined ? {} : { resolution }),
      hasAudio: input['audio'] === true,
    },
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    reportsTokens: model.startsWith('doubao-'),
  };
}

function kindOf(model: string, settings: Settings): Kind | undefined {
  const extra = settings.models.find((each) => each.provider === 'rixapi' && each.model === model);
  return extra?.kind ?? MODELS[model] ?? (/^replicate\/./.test(model) ? 'either' : undefined);
}

/** A model that makes both makes an image where the input asks for pixels and for no duration. */
function mediaOf(input: JsonBody, kind: Kind, resolution: string | undefined): MediaSpec {
  const isImage =
    kind === 'image' ||
    (kind === 'either' && input['size'] !== undefined && input['duration'] === undefined);
  if (!isImage) {
    const ratio = textOf(input, 'aspect_ratio') ?? textOf(input, 'ratio');
    return { kind: 'video', ...videoSizeOf(resolution, ratio), durationSeconds: secondsOf(input) };
  }
  const size = pixelsOf(textOf(input, 'size') ?? '') ?? { width: 1024, height: 1024 };
  const count = Math.min(10, Math.max(1, Math.round(numberOf(input, 'n') ?? 1)));
  const isJpeg = /^jpe?g$/.test(textOf(input, 'output_format') ?? '');
  return { kind: 'image', ...size, count, format: isJpeg ? 'jpg' : 'png' };
}

/** The guide's own sample has the duration as a string. */
function secondsOf(input: JsonBody): number {
  const asked = Number(input['duration'] ?? 5);
  return Number.isFinite(asked) ? Math.min(60, Math.max(1, Math.round(asked))) : 5;
}

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'invalid_api_key',
  403: 'insufficient_user_quota',
  404: 'task_not_found',
  429: 'rate_limit_exceeded',
};

function envelope({ status, code, message }: Refusal): JsonBody {
  return {
    error: {
      message: `${message} (request id: ${requestId()})`,
      type: 'rix_api_error',
      param: '',
      code: code ?? CODES[status] ?? 'server_error',
    },
  };
}
