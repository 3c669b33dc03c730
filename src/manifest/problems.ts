import type { JsonValue } from '../core/json.ts';
import type { RequestIssue } from '../core/request-issue.ts';

/** One broken rule of one line. Fit to print: no prompt, no URL. */
export interface ManifestProblem {
  /** From 1. */
  readonly line: number;
  /** `line` where it is about the whole line. */
  readonly field: string;
  /** What stood there, shortened; a private text by its length only. Empty where the field is a line or a column. */
  readonly value: string;
  /** What is allowed, as a sentence part. */
  readonly rule: string;
}

const SHOWN_LENGTH = 60;
/** Fields whose content may be printed. Every other one, and every name we do not know, may hold a prompt. */
const SHOWN_FIELDS = new Set([
  'id',
  'model',
  'durationSeconds',
  'resolution',
  'aspectRatio',
  'size',
  'audio',
  'seed',
  'watermark',
  'count',
]);

/** Field of a problem that is about a whole line. */
export const WHOLE_LINE = 'line';

export function toManifestProblem(
  line: number,
  { field, value, rule }: RequestIssue,
): ManifestProblem {
  const shown = field === WHOLE_LINE ? '' : showValue(field, value);
  return { line, field: cut(field), value: shown, rule };
}

/** `line 7: durationSeconds (99): must be at most 15` */
export function formatProblem({ line, field, value, rule }: ManifestProblem): string {
  const subject = value === '' ? field : `${field} (${value})`;
  return `line ${String(line)}: ${field === WHOLE_LINE ? '' : `${subject}: `}${rule}`;
}

function showValue(field: string, value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (SHOWN_FIELDS.has(field)) return cut(JSON.stringify(value));
  if (typeof value === 'string') return `${String(value.length)} characters`;
  return typeof value === 'object' ? 'given' : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
