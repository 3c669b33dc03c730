import { z } from 'zod';
import type { ErrorReport } from '../core/errors.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import type { HttpResponse } from './http.ts';
import { given, optional, optionalText, parseJson } from './lenient.ts';
import { toShownText } from './redaction.ts';

/** What a provider's own words say about an error. */
export interface ApiError {
  readonly code?: string;
  readonly message?: string;
}

/** Every spelling of "no money" and "content refused" that was seen. They outrank the HTTP status. */
const CODE_BY_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['insufficient_balance', 'provider.out_of_credit'],
  ['insufficient_quota', 'provider.out_of_credit'],
  ['insufficient_user_quota', 'provider.out_of_credit'],
  ['insufficient_credits', 'provider.out_of_credit'],
  ['sub_account_quota_exceeded', 'provider.out_of_credit'],
  ['arrearage', 'provider.out_of_credit'],
  ['content_filter', 'request.content_refused'],
  ['content_policy_violation', 'request.content_refused'],
  ['moderation_blocked', 'request.content_refused'],
  ['datainspectionfailed', 'request.content_refused'],
  ['rate_limit_exceeded', 'provider.rate_limited'],
]);

const CODE_BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [400, 'request.invalid'],
  [401, 'provider.unauthorized'],
  [402, 'provider.out_of_credit'],
  [403, 'provider.unauthorized'],
  [404, 'request.invalid'],
  [413, 'request.invalid'],
  [422, 'request.invalid'],
  [429, 'provider.rate_limited'],
]);

/** What to do, by code; the last part of a message. */
const NEXT_STEP: Partial<Record<ErrorCode, string>> = {
  'request.invalid': 'correct the request',
  'request.content_refused': 'change the prompt or the inputs',
  'provider.unauthorized': 'check the key of the account and what it may use',
  'provider.out_of_credit': 'add credit to the account',
  'provider.rate_limited': 'it is tried again later',
  'provider.unavailable': 'it is tried again later',
  'provider.bad_response': 'it is read again',
};

const errorFields = z.object({ code: optionalText, type: optionalText, message: optionalText });
const envelope = z.object({
  error: optional(z.union([z.string(), errorFields])),
  error_code: optionalText,
  error_message: optionalText,
  message: optionalText,
});

/** Reads the error out of a body in any of the shapes the APIs use: an object, a text, or two fields. */
export function readApiError(body: string): ApiError {
  const parsed = envelope.safeParse(parseJson(body));
  if (!parsed.success) return {};
  const { error, error_code: code, error_message: message } = parsed.data;
  if (typeof error === 'string') return toApiError(error);
  return given({
    code: error?.code ?? error?.type ?? code,
    message: error?.message ?? message ?? parsed.data.message,
  });
}

/** Splits `Code: message`, the form that upstream errors arrive in as one text. */
export function toApiError(text: string): ApiError {
  const match = /^([A-Za-z][A-Za-z0-9_.]{2,80}):\s/.exec(text);
  return given({ code: match?.[1], message: text });
}

/** Our code for a provider's word; `undefined` where the word says nothing by itself. */
export function codeOfWord(word: string | undefined): ErrorCode | undefined {
  const [first = ''] = (word ?? '').toLowerCase().split('.');
  return CODE_BY_WORD.get(first);
}

/** Our code for an error answer: the provider's word first, the HTTP status second. */
export function codeOfAnswer(status: number, error: ApiError): ErrorCode {
  const byWord = codeOfWord(error.code);
  if (byWord !== undefined) return byWord;
  const byStatus = CODE_BY_STATUS.get(status);
  if (byStatus !== undefined) return byStatus;
  return status >= 500 || status === 408 ? 'provider.unavailable' : 'provider.bad_response';
}

/** An error answer as a report. `secrets` are kept out of it. */
export function reportAnswer(
  api: string,
  code: ErrorCode,
  answer: Omit<HttpResponse, 'kind'>,
  secrets: readonly string[],
): ErrorReport {
  const error = readApiError(answer.body);
  const word = error.code === undefined ? undefined : toShownText(error.code, secrets);
  const message = error.message === undefined ? undefined : toShownText(error.message, secrets);
  const requestId = answer.headers.get('x-request-id');
  const head = `${api} answered ${answer.status}${word === undefined ? '' : ` ${word}`}`;
  const next = NEXT_STEP[code];
  return {
    code,
    message: [head, message, next].filter((part) => part !== undefined).join('; '),
    details: given({
      status: answer.status,
      providerCode: word,
      providerMessage: message,
      requestId: requestId === undefined ? undefined : toShownText(requestId, secrets),
    }),
  };
}
