import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
} from '@temporalio/common';
import { isMediaJobError } from './core/errors.ts';
import { ERROR_CODES, isErrorCode } from './core/error-codes.ts';
import type { ErrorCode } from './core/error-codes.ts';
import type { ErrorReport, MediaJobError } from './core/errors.ts';
import type { JsonObject } from './core/json.ts';

/** Whether a task had been accepted when the error happened: the retry rule of a code depends on it. */
export type Phase = 'before' | 'after';

/**
 * An error of ours as what survives Temporal: type = code, the table's retry rule, details, and the delay that was asked
 * for. Anything else passes unchanged, and the server retries it.
 */
export function toFailure(error: unknown, phase: Phase): unknown {
  if (!isMediaJobError(error)) return error;
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !isRetried(error, phase),
    details: [error.details],
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
}

function isRetried(error: MediaJobError, phase: Phase): boolean {
  const rule = ERROR_CODES[error.code];
  return phase === 'before' ? rule.before === 'retry' : rule.after !== 'final';
}

/** The code, message and details that a failure carries, however deep; `undefined` where it carries none. */
export function toErrorReport(error: unknown): ErrorReport | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isMediaJobError(current)) return current.toReport();
    if (current instanceof ApplicationFailure && isErrorCode(current.type)) {
      return {
        code: current.type,
        message: current.message,
        details: (current.details?.[0] ?? {}) as JsonObject,
      };
    }
  }
  return undefined;
}

/**
 * The end of a job as the failure its workflow ends with: type = code, details = [details of the error, the result]. A
 * failure's message is never encrypted, so it is the code's meaning; the report's own words are in the result.
 */
export function toJobFailure(report: ErrorReport, result: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: report.code,
    message: toJobMessage(report.code),
    nonRetryable: true,
    details: [report.details, result],
  });
}

function toJobMessage(code: ErrorCode): string {
  return `${ERROR_CODES[code].meaning} The details tell more.`;
}

const CODES_BY_MESSAGE: ReadonlyMap<string, ErrorCode> = new Map(
  Object.keys(ERROR_CODES)
    .filter(isErrorCode)
    .map((code) => [toJobMessage(code), code]),
);

/** The code of a failure made by {@link toJobFailure} of which only the message has come through. */
export function codeOfJobMessage(message: string): ErrorCode | undefined {
  return CODES_BY_MESSAGE.get(message);
}

/** The result in a failure made by {@link toJobFailure}. */
export function toJobResult(error: unknown): unknown {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof ApplicationFailure && isErrorCode(current.type)) {
      return current.details?.[1];
    }
  }
  return undefined;
}

/** How an activity that the server retries came to its end without an answer. */
export type EarlyEnd =
  /** Cancelled by us, waiting or running: schedule a fresh one. */
  | 'woken'
  /** No time is left for another attempt. */
  | 'timed_out';

/**
 * Tells a wake-up from the end of the time, as the server reports them. A cancelled attempt that was running arrives with
 * its own failure as cause, so the retry state decides, not `isCancellation`.
 */
export function toEarlyEnd(error: unknown): EarlyEnd | undefined {
  if (error instanceof CancelledFailure) return 'woken';
  if (!(error instanceof ActivityFailure)) return undefined;
  if (error.retryState === RetryState.CANCEL_REQUESTED) return 'woken';
  if (error.cause instanceof CancelledFailure) return 'woken';
  if (error.retryState === RetryState.TIMEOUT) return 'timed_out';
  return error.cause instanceof TimeoutFailure ? 'timed_out' : undefined;
}

/** What the last attempt that only waits had to tell, where the server gives no further attempt. */
export function toLastProgress(error: unknown): unknown {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
}

/** What the lost attempt's last heartbeat left behind, where a timeout brings it along. */
export function toLastHeartbeat(error: unknown): unknown {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : undefined;
}
