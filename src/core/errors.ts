import type { JsonObject } from './json.ts';

/** What to do with a code that a submission or a request met before a task was accepted. */
export type RuleBeforeAcceptance =
  /** The job ends with this code. */
  | 'final'
  /** No task exists and a later try may pass: submit again under the next number, after a durable timer. */
  | 'submit-again'
  /** A task may exist: reconcile, never submit again by itself. */
  | 'reconcile'
  /** The step is keyed or read-only: the server retries it. */
  | 'retry';

/** What to do with a code that a step met after a task was accepted. */
export type RuleAfterAcceptance =
  /** The job ends with this code. */
  | 'final'
  /** Ends nothing: the task is read again until its life ends. */
  | 'read-again'
  /** The step is keyed or read-only: the server retries it. */
  | 'retry';

export interface ErrorRule {
  readonly before: RuleBeforeAcceptance;
  readonly after: RuleAfterAcceptance;
  /** Status of an HTTP answer of ours that carries this code. */
  readonly httpStatus: number;
  /** Exit code of a command that ends with this code. */
  readonly exitCode: 1 | 2 | 3 | 4;
  /** One line for a person. */
  readonly meaning: string;
}

const rule = (
  before: RuleBeforeAcceptance,
  after: RuleAfterAcceptance,
  httpStatus: number,
  exitCode: 1 | 2 | 3 | 4,
  meaning: string,
): ErrorRule => ({ before, after, httpStatus, exitCode, meaning });

export type ErrorCode =
  | 'request.invalid'
  | 'request.conflict'
  | 'request.content_refused'
  | 'request.over_budget'
  | 'request.gave_up'
  | 'provider.rate_limited'
  | 'provider.unavailable'
  | 'provider.submit_unknown'
  | 'provider.generation_failed'
  | 'provider.bad_response'
  | 'provider.task_expired'
  | 'provider.output_expired'
  | 'provider.output_invalid'
  | 'provider.output_forbidden'
  | 'provider.out_of_credit'
  | 'provider.unauthorized'
  | 'storage.unavailable'
  | 'storage.full'
  | 'storage.missing'
  | 'storage.corrupt'
  | 'ledger.unavailable'
  | 'ledger.conflict'
  | 'temporal.unavailable'
  | 'config.invalid';

/**
 * Every error code of the system. Retry policies, HTTP statuses and exit codes are read from here and nowhere else;
 * `docs/errors.md` has one entry per code. Codes are wire format.
 */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorRule>> = {
  'request.invalid': rule(
    'final',
    'final',
    400,
    2,
    'The request breaks a rule of the API or of Pollux.',
  ),
  'request.conflict': rule(
    'final',
    'final',
    409,
    2,
    'The job or task id already stands for something else.',
  ),
  'request.content_refused': rule('final', 'final', 422, 1, 'The provider refused the content.'),
  'request.over_budget': rule('final', 'final', 402, 1, 'The job does not fit its budget.'),
  'request.gave_up': rule(
    'final',
    'final',
    504,
    1,
    'No submission was accepted in the time the job had.',
  ),
  'provider.rate_limited': rule(
    'submit-again',
    'read-again',
    429,
    1,
    'The provider asks for fewer calls.',
  ),
  'provider.unavailable': rule(
    'submit-again',
    'read-again',
    503,
    1,
    'The provider cannot be reached or has no capacity.',
  ),
  'provider.submit_unknown': rule(
    'reconcile',
    'final',
    502,
    3,
    'A task may exist, but nothing tells which.',
  ),
  'provider.generation_failed': rule(
    'final',
    'final',
    502,
    1,
    'The provider ran the task and failed.',
  ),
  'provider.bad_response': rule(
    'final',
    'read-again',
    502,
    1,
    'The provider answered something unreadable.',
  ),
  'provider.task_expired': rule('final', 'final', 504, 1, 'The provider has forgotten the task.'),
  'provider.output_expired': rule(
    'final',
    'final',
    504,
    1,
    'The result URL died before the file was fetched.',
  ),
  'provider.output_invalid': rule(
    'final',
    'final',
    502,
    1,
    'The result is not the media that was promised.',
  ),
  'provider.output_forbidden': rule(
    'final',
    'final',
    502,
    1,
    'The result URL breaks the rules for fetching.',
  ),
  'provider.out_of_credit': rule(
    'submit-again',
    'read-again',
    402,
    1,
    'The account at the provider has no credit.',
  ),
  'provider.unauthorized': rule('final', 'read-again', 401, 1, 'The provider refused the key.'),
  'storage.unavailable': rule('retry', 'retry', 503, 4, 'The artifact store cannot be reached.'),
  'storage.full': rule('retry', 'retry', 507, 4, 'The artifact store has no room.'),
  'storage.missing': rule(
    'final',
    'final',
    404,
    1,
    'A stored object is not where the ledger says.',
  ),
  'storage.corrupt': rule('final', 'final', 500, 1, 'A stored object is not what the ledger says.'),
  'ledger.unavailable': rule('retry', 'retry', 503, 4, 'The ledger cannot be read or written.'),
  'ledger.conflict': rule(
    'final',
    'final',
    409,
    1,
    'The ledger holds a fact that contradicts this one.',
  ),
  'temporal.unavailable': rule('retry', 'retry', 503, 4, 'The Temporal server cannot be reached.'),
  'config.invalid': rule('final', 'retry', 500, 2, 'The configuration cannot be used.'),
};

/** True for a text that is a code of {@link ERROR_CODES}. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERROR_CODES, text);
}

/** An error as a value: what crosses Temporal, the ledger and JSON. */
export interface ErrorReport {
  readonly code: ErrorCode;
  /** What failed, on what, why, what next. Never a secret, a prompt or a signed URL. */
  readonly message: string;
  readonly details: JsonObject;
}

export interface MediaJobErrorOptions {
  /** JSON-plain facts; never a secret, a prompt or a signed URL. */
  readonly details?: JsonObject;
  /** Kept in this process only. */
  readonly cause?: unknown;
  /** Wait at least this long before the next try, in milliseconds. */
  readonly retryAfterMs?: number;
}

/**
 * Base of every error that Pollux throws. Class identity does not survive Temporal: outside the throw site,
 * compare {@link code}.
 */
export abstract class MediaJobError extends Error {
  readonly code: ErrorCode;
  readonly details: JsonObject;
  readonly retryAfterMs: number | undefined;

  constructor(name: string, code: ErrorCode, message: string, options: MediaJobErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = name;
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }

  toReport(): ErrorReport {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** True for an error of ours, whichever copy of the class made it. */
export function isMediaJobError(error: unknown): error is MediaJobError {
  return (
    error instanceof Error && 'code' in error && isErrorCode(error.code) && 'toReport' in error
  );
}

type CodeOf<Prefix extends string> = Extract<ErrorCode, `${Prefix}.${string}`>;

/** The caller must act. */
export class RequestError extends MediaJobError {
  constructor(code: CodeOf<'request'>, message: string, options?: MediaJobErrorOptions) {
    super('RequestError', code, message, options);
  }
}

/** The provider, or the owner of the account there, must act. */
export class ProviderError extends MediaJobError {
  constructor(code: CodeOf<'provider'>, message: string, options?: MediaJobErrorOptions) {
    super('ProviderError', code, message, options);
  }
}

/** The operator of the artifact store must act. */
export class StorageError extends MediaJobError {
  constructor(code: CodeOf<'storage'>, message: string, options?: MediaJobErrorOptions) {
    super('StorageError', code, message, options);
  }
}

/** The operator of the ledger must act. */
export class LedgerError extends MediaJobError {
  constructor(code: CodeOf<'ledger'>, message: string, options?: MediaJobErrorOptions) {
    super('LedgerError', code, message, options);
  }
}

/** The deployer must act: a setting, or the Temporal server that it names. */
export class ConfigError extends MediaJobError {
  constructor(
    code: CodeOf<'config'> | CodeOf<'temporal'>,
    message: string,
    options?: MediaJobErrorOptions,
  ) {
    super('ConfigError', code, message, options);
  }
}

/** `config.invalid` for a namespace that the Temporal server does not have. */
export function unknownNamespace(namespace: string, cause: unknown): ConfigError {
  return new ConfigError(
    'config.invalid',
    `namespace ${namespace} does not exist: create it with \`temporal operator namespace create\`, or set temporal.namespace or TEMPORAL_NAMESPACE`,
    { details: { namespace }, cause },
  );
}

/** One broken rule of a request: which field, what it held, what is allowed. */
export interface RequestIssue {
  /** Name as the caller wrote it: canonical, or `extra.<name>` for a native field. */
  readonly field: string;
  /** What it held; absent for a missing field. */
  readonly value?: JsonValueOf;
  /** What is allowed, as a sentence part: `must be an integer from 3 to 15`. */
  readonly rule: string;
}

type JsonValueOf = JsonObject[string];

const SHOWN_VALUE_LENGTH = 60;

/** Fields whose content must not travel in messages: only their length is shown. */
const PRIVATE_FIELDS = new Set(['prompt', 'negativePrompt', 'imageUrls', 'videoUrl']);

function showValue(field: string, value: JsonValueOf): string {
  if (value === undefined) return 'missing';
  if (PRIVATE_FIELDS.has(field.replace(/^extra\.|\[.*$/g, ''))) {
    return typeof value === 'string' ? `${String(value.length)} characters` : 'given';
  }
  const text = JSON.stringify(value);
  return text.length > SHOWN_VALUE_LENGTH ? `${text.slice(0, SHOWN_VALUE_LENGTH)}…` : text;
}

/** All broken rules of one request as one `request.invalid`, naming field, value and rule of each. */
export function invalidRequest(subject: string, issues: readonly RequestIssue[]): RequestError {
  const lines = issues.map(
    (issue) => `${issue.field} (${showValue(issue.field, issue.value)}): ${issue.rule}`,
  );
  return new RequestError('request.invalid', `${subject}: ${lines.join('; ')}`, {
    details: { issues: issues.map(({ field, rule }) => ({ field, rule })) },
  });
}
