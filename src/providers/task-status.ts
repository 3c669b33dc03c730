import type { ErrorReport } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Snapshot, TaskStatus } from '../core/provider.ts';
import type { ApiError } from './api-error.ts';
import { codeOfWord } from './api-error.ts';
import { given } from './lenient.ts';
import { toShownText } from './redaction.ts';

/** Reads a provider's status word. */
export type StatusReader = (word: string, logger: Logger) => TaskStatus;

const SHOWN_WORD_LENGTH = 60;
const MAX_REPORTED = 100;

/** A word that is not in the table keeps the task running and is logged once; the task's life ends what never ends. */
export function createStatusReader(
  api: string,
  table: Readonly<Record<string, TaskStatus>>,
): StatusReader {
  const known = new Map(Object.entries(table));
  const reported = new Set<string>();
  return (word, logger) => {
    const status = known.get(word);
    if (status !== undefined) return status;
    const shown = toShownText(word, []).slice(0, SHOWN_WORD_LENGTH);
    if (!reported.has(shown) && reported.size < MAX_REPORTED) {
      reported.add(shown);
      logger.warn(`${api} uses a task status that is not documented; the task counts as running`, {
        providerStatus: shown,
      });
    }
    return 'running';
  };
}

/** A gateway whose own query to its upstream failed may store that as the task's failure, for good. */
const HIDDEN_QUERY_FAILURE = /\b(task query failed|query (error|failed)|poll_error)\b/i;

/** The error part of a snapshot whose task failed: the report, and whether the failure proves that nothing is owed. */
export function toFailure(
  api: string,
  error: ApiError,
  secrets: readonly string[],
): Required<Pick<Snapshot, 'error' | 'failureProvesNoCharge'>> {
  const words = [error.code, error.message].filter((part) => part !== undefined).join(' ');
  const isRefusal = codeOfWord(error.code) === 'request.content_refused';
  return {
    error: reportEnd(
      api,
      isRefusal ? 'request.content_refused' : 'provider.generation_failed',
      'failed the task',
      error,
      secrets,
    ),
    failureProvesNoCharge: !HIDDEN_QUERY_FAILURE.test(words),
  };
}

/** A report of a task's end in the provider's own words, cleaned. */
export function reportEnd(
  api: string,
  code: ErrorReport['code'],
  what: string,
  error: ApiError,
  secrets: readonly string[],
): ErrorReport {
  const providerCode = error.code === undefined ? undefined : toShownText(error.code, secrets);
  const providerMessage =
    error.message === undefined ? undefined : toShownText(error.message, secrets);
  return {
    code,
    message: `${api} ${what}: ${providerMessage ?? providerCode ?? 'no reason was given'}`,
    details: given({ providerCode, providerMessage }),
  };
}
