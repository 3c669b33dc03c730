import type { ErrorCode } from './error-codes.ts';
import { isErrorCode } from './error-codes.ts';
import type { JsonObject } from './json.ts';

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
