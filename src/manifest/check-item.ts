import type { BatchItem } from '../core/batch.ts';
import { MAX_PAGE_BYTES } from '../core/batch.ts';
import { isMediaJobError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import type { Quote } from '../core/money.ts';
import type { RequestIssue } from '../core/request-issue.ts';
import { parseManifestItem } from '../schema/manifest-item.ts';
import { isRecord } from '../schema/problems.ts';
import { toItemLine } from './item-line.ts';
import { WHOLE_LINE } from './problems.ts';

/** Prices an item. Throws `request.invalid` with `details.issues` for what its model does not take. */
export type CheckItem = (item: BatchItem) => Quote | null;

export type CheckedItem =
  | { readonly kind: 'item'; readonly item: BatchItem; readonly quote: Quote | null }
  | { readonly kind: 'issues'; readonly issues: readonly RequestIssue[] };

/** Everything that is wrong with a value as an item: by the schema, and by its model as far as the schema lets it be told. */
export function checkItem(value: unknown, check: CheckItem): CheckedItem {
  if (!isRecord(value)) return lineIssue('must be one JSON object');
  const parsed = parseManifestItem(value);
  if (parsed.kind === 'issues') {
    return {
      kind: 'issues',
      issues: [...parsed.issues, ...checkRest(value, parsed.issues, check)],
    };
  }
  const { item } = parsed;
  if (Buffer.byteLength(toItemLine(item)) >= MAX_PAGE_BYTES) {
    return lineIssue(`must have less than ${String(MAX_PAGE_BYTES)} bytes as JSON`);
  }
  return askModel(item, check);
}

function lineIssue(rule: string): CheckedItem {
  return { kind: 'issues', issues: [{ field: WHOLE_LINE, rule }] };
}

function askModel(item: BatchItem, check: CheckItem): CheckedItem {
  try {
    return { kind: 'item', item, quote: check(item) };
  } catch (error) {
    if (!isMediaJobError(error) || error.code !== 'request.invalid') throw error;
    const issues = toIssues(error.details['issues'], item);
    return issues.length > 0 ? { kind: 'issues', issues } : lineIssue('is refused by its model');
  }
}

/**
 * What the model says of the members that the schema lets pass. What it misses is not told: it may stand in the line,
 * broken.
 */
function checkRest(
  value: Readonly<Record<string, unknown>>,
  broken: readonly RequestIssue[],
  check: CheckItem,
): readonly RequestIssue[] {
  const names = new Set(broken.map(({ field }) => nameOf(field)));
  const kept = Object.entries(value).filter(([name]) => !names.has(name));
  const parsed = parseManifestItem({ ...Object.fromEntries(kept), ...stand(names) });
  if (parsed.kind === 'issues') return [];
  const checked = askModel(parsed.item, check);
  if (checked.kind === 'item') return [];
  return checked.issues.filter(
    ({ field, value: given }) => given !== undefined && !names.has(nameOf(field)),
  );
}

/** An id that is broken keeps nobody from asking the model about the rest. */
function stand(names: ReadonlySet<string>): { readonly id?: string } {
  return names.has('id') ? { id: 'id' } : {};
}

/** `imageUrls[0]` and `extra.mode` are of the members `imageUrls` and `extra`. */
function nameOf(field: string): string {
  return /^[^.[]+/.exec(field)?.[0] ?? field;
}

function toIssues(issues: unknown, { id, request }: BatchItem): readonly RequestIssue[] {
  if (!Array.isArray(issues)) return [];
  return (issues as readonly { readonly field: string; readonly rule: string }[]).map(
    ({ field, rule }) => {
      const value = valueAt({ id, ...request }, field);
      return { field, rule, ...(value === undefined ? {} : { value }) };
    },
  );
}

function valueAt(item: object, field: string): JsonValue | undefined {
  const steps = field.match(/[^.[\]]+/g) ?? [];
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string, unknown>>)[step]
        : undefined,
    item,
  ) as JsonValue | undefined;
}
