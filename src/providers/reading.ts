import type { ErrorReport } from '../core/errors.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import type { CancelAnswer, ListAnswer, Reading, ReadTrouble, Snapshot } from '../core/provider.ts';
import { codeOfAnswer, readApiError, reportAnswer } from './api-error.ts';
import type { HttpResponse, HttpResult } from './http.ts';
import { given, parseJson } from './lenient.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Trouble of a repeatable call: which kind, and the report. */
interface Trouble {
  readonly trouble: ReadTrouble;
  readonly error: ErrorReport;
  readonly retryAfterMs?: number;
}

/** A task's state, or why it could not be told. Nothing here ends a task that was accepted. */
export function toReading(
  result: HttpResult,
  api: string,
  secrets: readonly string[],
  readSnapshot: (json: unknown) => Snapshot | undefined,
): Reading {
  const success = successOf(result);
  if (success === undefined) return { outcome: 'trouble', ...toTrouble(result, api, secrets) };
  const snapshot = readSnapshot(parseJson(success.body));
  return snapshot === undefined
    ? { outcome: 'trouble', ...unreadable(success, api, 'a body that is not a task') }
    : { outcome: 'read', snapshot };
}

/** The rows of a list, or why there are none. */
export function toListAnswer(
  result: HttpResult,
  api: string,
  secrets: readonly string[],
  readList: (json: unknown) => Extract<ListAnswer, { outcome: 'listed' }> | undefined,
): ListAnswer {
  const success = successOf(result);
  const list = success === undefined ? undefined : readList(parseJson(success.body));
  if (list !== undefined) return list;
  const { error, retryAfterMs } =
    success === undefined
      ? toTrouble(result, api, secrets)
      : unreadable(success, api, 'a body that is not a list of tasks');
  return { outcome: 'trouble', error, ...given({ retryAfterMs }) };
}

/** What a request to cancel came to. A 4xx is the provider's refusal, unless it is about the call itself. */
export function toCancelAnswer(
  result: HttpResult,
  api: string,
  secrets: readonly string[],
): CancelAnswer {
  if (successOf(result) !== undefined) return { outcome: 'requested' };
  const { error, retryAfterMs } = toTrouble(result, api, secrets);
  const isRefusal =
    result.kind === 'response' &&
    result.status >= 400 &&
    result.status < 500 &&
    ![401, 403, 408, 429].includes(result.status);
  return isRefusal
    ? { outcome: 'refused', error }
    : { outcome: 'trouble', error, ...given({ retryAfterMs }) };
}

/** The reading of a task that has no id of the provider's: there is nothing to ask for. */
export function unreadableWithoutId(api: string): Reading {
  return {
    outcome: 'trouble',
    trouble: 'task_missing',
    error: {
      code: 'provider.task_expired',
      message: `${api} named no id for this task when it finished; it cannot be read again`,
      details: {},
    },
  };
}

function successOf(result: HttpResult): HttpResponse | undefined {
  const isSuccess = result.kind === 'response' && result.status >= 200 && result.status <= 299;
  return isSuccess ? result : undefined;
}

function toTrouble(result: HttpResult, api: string, secrets: readonly string[]): Trouble {
  if (result.kind !== 'response') {
    const error: ErrorReport = {
      code: 'provider.unavailable',
      message: `no whole answer came from ${api} (${result.reason}); it is asked again later`,
      details: { cause: result.reason },
    };
    return result.kind === 'lost' && result.isTooLong === true
      ? { trouble: 'unreadable', error: { ...error, code: 'provider.bad_response' } }
      : { trouble: 'provider_unavailable', error };
  }
  const { trouble, code } = classify(result);
  const retryAfterMs = parseRetryAfter(result.headers.get('retry-after'), Date.now());
  return { trouble, error: reportAnswer(api, code, result, secrets), ...given({ retryAfterMs }) };
}

function classify(answer: HttpResponse): { trouble: ReadTrouble; code: ErrorCode } {
  const code = codeOfAnswer(answer.status, readApiError(answer.body));
  switch (answer.status) {
    case 401:
    case 402:
    case 403:
      return { trouble: 'unauthorized', code };
    case 404:
    case 410:
      return { trouble: 'task_missing', code: 'provider.task_expired' };
    case 429:
      return { trouble: 'rate_limited', code };
    default:
      return answer.status >= 500 || answer.status === 408
        ? { trouble: 'provider_unavailable', code: 'provider.unavailable' }
        : { trouble: 'unreadable', code: 'provider.bad_response' };
  }
}

function unreadable(answer: HttpResponse, api: string, what: string): Trouble {
  const contentType = answer.headers.get('content-type')?.slice(0, 80);
  return {
    trouble: 'unreadable',
    error: {
      code: 'provider.bad_response',
      message: `${api} answered ${answer.status} with ${what}; it is asked again later`,
      details: given({ status: answer.status, contentType, sizeBytes: answer.body.length }),
    },
  };
}
