import { RequestError } from './errors.ts';
import type { JsonObject } from './json.ts';

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
