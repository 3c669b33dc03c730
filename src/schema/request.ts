import { z } from 'zod';
import type { RequestError } from '../core/errors.ts';
import type { RequestIssue } from '../core/request-issue.ts';
import { invalidRequest } from '../core/request-issue.ts';
import type { JobInput, MediaRequest } from '../core/job.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { toJsonSchema } from './json-schema.ts';
import type { SchemaProblem } from './problems.ts';
import { closedObject, formatPath, isRecord, toProblems } from './problems.ts';

export { jobResultJsonSchema } from './result.ts';

// What holds for every request, whatever its model. What a model takes is its adapter's business.

const ID_RULE =
  'must start with a letter or digit and hold at most 100 letters, digits, dots, underscores and hyphens';
const MODEL_RULE = 'must be <account>/<model>';
const URL_RULE = 'must be an http or https URL';

const text = z.string().min(1);
/** Of a job, a tenant, a batch or an item. */
export const idText: z.ZodString = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, ID_RULE);
const url = z.url({ protocol: /^https?$/, error: URL_RULE });
/** Zod leaves a member named `__proto__` out without a word, and nothing of a request is to be dropped. */
const jsonObject: z.ZodType<JsonObject> = z.preprocess(
  (value, context) => {
    if (hasProto(value)) context.addIssue('must not hold a member named __proto__');
    return value;
  },
  z.record(z.string(), z.json(), { error: 'must be a JSON object' }),
);

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}

type Optional<Schema extends z.ZodType> = z.ZodExactOptional<Schema>;

/** The canonical fields, for every schema that holds a request. */
export const requestShape: {
  readonly model: z.ZodString;
  readonly prompt: Optional<z.ZodString>;
  readonly durationSeconds: Optional<z.ZodNumber>;
  readonly resolution: Optional<z.ZodString>;
  readonly aspectRatio: Optional<z.ZodString>;
  readonly size: Optional<z.ZodString>;
  readonly imageUrls: Optional<z.ZodReadonly<z.ZodArray<z.ZodURL>>>;
  readonly videoUrl: Optional<z.ZodURL>;
  readonly audio: Optional<z.ZodBoolean>;
  readonly seed: Optional<z.ZodInt>;
  readonly watermark: Optional<z.ZodBoolean>;
  readonly count: Optional<z.ZodInt>;
  readonly negativePrompt: Optional<z.ZodString>;
  readonly extra: Optional<z.ZodType<JsonObject>>;
} = {
  model: z
    .string(MODEL_RULE)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,49}\/\S{1,200}$/, MODEL_RULE)
    .describe('<account>/<model>, e.g. nexusflow/wan2.6-t2v'),
  prompt: z.exactOptional(text),
  durationSeconds: z.exactOptional(z.number().positive().describe('Seconds of output')),
  resolution: z.exactOptional(text.describe('Resolution tier, e.g. 720P')),
  aspectRatio: z.exactOptional(text.describe('e.g. 16:9')),
  size: z.exactOptional(text.describe('Pixels, e.g. 1024x1024')),
  imageUrls: z.exactOptional(z.array(url).readonly()),
  videoUrl: z.exactOptional(url),
  audio: z.exactOptional(z.boolean()),
  seed: z.exactOptional(z.int().nonnegative()),
  watermark: z.exactOptional(z.boolean()),
  count: z.exactOptional(z.int().positive().describe('How many outputs')),
  negativePrompt: z.exactOptional(text),
  extra: z.exactOptional(jsonObject.describe("The API's own fields, by their own names")),
};

const mediaRequest = closedObject(requestShape, 'must be an object');

const jobInput = closedObject(
  {
    request: mediaRequest,
    tenant: z.exactOptional(idText),
    batch: z.exactOptional(idText),
    adoptTaskId: z.exactOptional(
      z
        .string()
        .regex(/^\S{1,255}$/, 'must be a task id: at most 255 characters, none of them blank')
        .describe('Start from this task, which exists already, instead of submitting'),
    ),
    rerun: z.exactOptional(
      closedObject(
        { id: text, author: text, reason: text, from: z.enum(['submit', 'store']) },
        'must be an object',
      ).describe('Runs an ended job again, once for this decision'),
    ),
  },
  'must be an object',
);

/**
 * A request from outside, checked: types, closed set of fields, URLs. Members that are `undefined` are absent; nothing
 * else is dropped or changed. Throws `request.invalid` naming every field, value and rule.
 */
export function parseMediaRequest(value: unknown): MediaRequest {
  const present = withoutAbsent(value);
  const parsed = mediaRequest.safeParse(present);
  if (parsed.success) return parsed.data;
  throw toRequestError(nameOf(present), toProblems(parsed.error, present));
}

/** The argument of `generateMedia`, checked as {@link parseMediaRequest} does. `request.invalid`. */
export function parseJobInput(value: unknown): JobInput {
  const present = withoutAbsent(value);
  const input =
    isRecord(present) && 'request' in present
      ? { ...present, request: withoutAbsent(present['request']) }
      : present;
  const parsed = jobInput.safeParse(input);
  if (parsed.success) return parsed.data;
  const subject = isRecord(input) ? nameOf(input['request']) : 'job input';
  throw toRequestError(subject, toProblems(parsed.error, input));
}

/** JSON Schema (draft 2020-12) of the argument of `generateMedia`, for callers in other languages. */
export function jobInputJsonSchema(): JsonObject {
  return toJsonSchema(jobInput, 'Argument of workflow generateMedia');
}

function nameOf(request: unknown): string {
  const model = isRecord(request) ? request['model'] : undefined;
  return typeof model === 'string' && model !== '' ? model : 'request';
}

function toRequestError(subject: string, problems: readonly SchemaProblem[]): RequestError {
  return invalidRequest(subject, toRequestIssues(problems));
}

/** What a schema found wrong with a request, by the fields that its caller wrote. */
export function toRequestIssues(problems: readonly SchemaProblem[]): readonly RequestIssue[] {
  return problems.map((problem) => {
    const [first, ...rest] = problem.path;
    const path = first === 'request' && rest.length > 0 ? rest : problem.path;
    const value = toJsonValue(problem.value);
    const field = path.length === 0 ? 'request' : formatPath(path);
    const rule = problem.rule.replace(/^is missing: /, '');
    return { field, rule, ...(value === undefined ? {} : { value }) };
  });
}

/** The value for the message; what JSON cannot hold is named by its type. */
function toJsonValue(value: unknown): JsonValue | undefined {
  if (value === undefined) return undefined;
  const parsed = z.json().safeParse(value);
  return parsed.success ? parsed.data : `[${typeof value}]`;
}

function withoutAbsent(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
