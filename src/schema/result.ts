import { z } from 'zod';
import { ERROR_CODES, isErrorCode } from '../core/error-codes.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import { END_STATUSES, OPEN_STATUSES } from '../core/job.ts';
import type { JobResult } from '../core/job.ts';
import type { JsonObject } from '../core/json.ts';
import { toJsonSchema } from './json-schema.ts';

const time = z.iso.datetime().describe('ISO 8601, UTC, milliseconds');
const micros = z.string().regex(/^-?(0|[1-9][0-9]*)$/);
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());
const errorCode: z.ZodType<ErrorCode> = z.enum(Object.keys(ERROR_CODES).filter(isErrorCode));

const artifact = z.strictObject({
  index: z.int().nonnegative(),
  key: z.string(),
  url: z.string(),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mediaType: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  durationSeconds: z.number().nullable(),
  codec: z.exactOptional(z.string().nullable()),
  framesPerSecond: z.exactOptional(z.number().nullable()),
  frames: z.exactOptional(z.int().nullable()),
});

const cost = z.strictObject({
  currency: z.string(),
  micros,
  basis: z.string(),
  state: z.enum(['reserved', 'charged', 'estimated', 'released', 'unknown']),
});

const hold = z.strictObject({
  reason: z.enum([
    'submit_unknown',
    'task_missing',
    'unauthorized',
    'unreadable',
    'provider_unavailable',
    'crashing',
    'not_stored',
  ]),
  number: z.int().positive(),
  since: time,
  evidence: jsonObject,
});

const jobResult = z.strictObject({
  jobId: z.string(),
  status: z.enum([...OPEN_STATUSES, ...END_STATUSES]),
  account: z.string(),
  provider: z.string(),
  model: z.string(),
  taskId: z.string().nullable(),
  submissions: z.int().nonnegative(),
  polls: z.int().nonnegative().describe('A lower bound'),
  artifacts: z.array(artifact).readonly(),
  cost: cost.nullable(),
  error: z.strictObject({ code: errorCode, message: z.string(), details: jsonObject }).nullable(),
  hold: hold.nullable(),
  startedAt: time,
  finishedAt: time.nullable(),
  cancelRequestedAt: z.exactOptional(time),
});

type Same<Left, Right> = [Left] extends [Right] ? ([Right] extends [Left] ? true : false) : false;

/** Does not compile where the schema and {@link JobResult} say different things. */
const exactSchema: Same<z.infer<typeof jobResult>, JobResult> extends true
  ? z.ZodType<JobResult>
  : never = jobResult;

/** JSON Schema (draft 2020-12) of a `JobResult`: what `generateMedia` returns and `pollux run --json` prints. */
export function jobResultJsonSchema(): JsonObject {
  return toJsonSchema(exactSchema, 'JobResult');
}
