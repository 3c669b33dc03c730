import type { Operation, Snapshot, Submission } from '../core/provider.ts';
import { codeOfAnswer, readApiError, reportAnswer } from './api-error.ts';
import { toEvidence } from './evidence.ts';
import type { HttpResponse, HttpResult } from './http.ts';
import { given, parseJson } from './lenient.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Statuses that prove that no task was made, at every API. */
const REJECTING: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 413, 422, 429]);

/** What an API declares about the answers to its create. */
export interface CreateRules {
  /** The API's name, for messages. */
  readonly api: string;
  /** True where the documents say that a 503 means "overloaded, nothing was started". */
  readonly rejectsBy503: boolean;
}

/** A task as a create's body shows it. */
export interface CreatedTask {
  readonly taskId: string | undefined;
  readonly operation: Operation;
  readonly snapshot: Snapshot;
}

/**
 * What became of a create. Accepted: a 2xx with a readable id, or with a finished result. Rejected: nothing was sent,
 * or the status proves that no task exists; a cut body takes nothing from a status. Everything else is unknown.
 * `secrets` begins with the key.
 */
export function toSubmission(
  result: HttpResult,
  rules: CreateRules,
  secrets: readonly string[],
  readTask: (json: unknown) => CreatedTask | undefined,
): Submission {
  if (result.kind === 'not_sent') {
    return {
      outcome: 'rejected',
      error: {
        code: 'provider.unavailable',
        message: `nothing was sent to ${rules.api} (${result.reason}); it is tried again later`,
        details: { reason: 'not_sent', cause: result.reason },
      },
    };
  }
  const answer = result.kind === 'response' ? result : result.partial;
  if (answer !== undefined && isRejecting(answer.status, rules)) {
    return toRejected(answer, rules, secrets);
  }
  if (result.kind === 'lost') {
    const reason = `the request was sent and its reply was lost (${result.reason})`;
    return { outcome: 'unknown', evidence: toEvidence(reason, answer, secrets) };
  }
  if (result.status < 200 || result.status > 299) {
    const reason = `HTTP ${result.status} does not tell whether a task was made`;
    return { outcome: 'unknown', evidence: toEvidence(reason, result, secrets) };
  }
  const task = readTask(parseJson(result.body));
  if (task === undefined) {
    const reason = `HTTP ${result.status} came without a readable task id`;
    return { outcome: 'unknown', evidence: toEvidence(reason, result, secrets) };
  }
  return { outcome: 'accepted', ...task };
}

function isRejecting(status: number, rules: CreateRules): boolean {
  return REJECTING.has(status) || (status === 503 && rules.rejectsBy503);
}

function toRejected(
  answer: Omit<HttpResponse, 'kind'>,
  rules: CreateRules,
  secrets: readonly string[],
): Submission {
  const code = codeOfAnswer(answer.status, readApiError(answer.body));
  const retryAfterMs = parseRetryAfter(answer.headers.get('retry-after'), Date.now());
  return {
    outcome: 'rejected',
    error: reportAnswer(rules.api, code, answer, secrets),
    ...given({ retryAfterMs }),
  };
}
