import { ApplicationFailure } from '@temporalio/common';
import { isMediaJobError } from '../core/errors.ts';
import { isErrorCode } from '../core/error-codes.ts';
import { codeOfJobMessage } from '../failures.ts';

/** Codes whose messages speak of this installation only; those of requests and providers may quote either. */
const OWN_WORDS = /^(config|ledger|storage|temporal)\./;
/** What the SDK makes of an error that the payload codec throws while it reads a step's arguments. */
const OF_THE_CODEC = 'ConfigError';

/**
 * What a log line may say of an error that the SDK reports: our own words about this installation, else the code of a
 * step's failure, else the name of the error and where it was thrown.
 */
export function toShownError(error: unknown): string {
  if (!(error instanceof Error)) return 'not told';
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const code = codeOf(current);
    if (code !== undefined) return OWN_WORDS.test(code) ? `${code}: ${current.message}` : code;
    if (current instanceof ApplicationFailure && current.type === OF_THE_CODEC) {
      return current.message;
    }
  }
  // What a workflow failed with comes out of its sandbox as a bare error.
  const code = codeOfJobMessage(error.message);
  if (code !== undefined) return code;
  const name = error instanceof ApplicationFailure ? (error.type ?? error.name) : error.name;
  const place = /^\s*at .*?(?<place>[^\s(]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.groups?.[
    'place'
  ];
  return place === undefined ? name : `${name} at ${place}`;
}

function codeOf(error: Error): string | undefined {
  if (isMediaJobError(error)) return error.code;
  return error instanceof ApplicationFailure && isErrorCode(error.type) ? error.type : undefined;
}
