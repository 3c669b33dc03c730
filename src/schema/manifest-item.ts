import type { BatchItem } from '../core/batch.ts';
import type { JsonObject } from '../core/json.ts';
import type { RequestIssue } from '../core/request-issue.ts';
import { toJsonSchema } from './json-schema.ts';
import { closedObject, toProblems } from './problems.ts';
import { idText, requestShape, toRequestIssues } from './request.ts';

const manifestItem = closedObject({ id: idText, ...requestShape }, 'must be a JSON object');

export type ParsedItem =
  | { readonly kind: 'item'; readonly item: BatchItem }
  | { readonly kind: 'issues'; readonly issues: readonly RequestIssue[] };

/** Names of the members of an item: the columns of a CSV manifest. */
export const ITEM_FIELDS: readonly string[] = Object.keys(manifestItem.shape);

/** One line of a manifest, checked: types, closed set of fields, URLs. What its model takes is the adapter's business. */
export function parseManifestItem(value: unknown): ParsedItem {
  const parsed = manifestItem.safeParse(value);
  if (parsed.success) {
    const { id, ...request } = parsed.data;
    return { kind: 'item', item: { id, request } };
  }
  return { kind: 'issues', issues: toRequestIssues(toProblems(parsed.error, value)) };
}

/** JSON Schema (draft 2020-12) of one line of a manifest, for whoever writes manifests. */
export function manifestItemJsonSchema(): JsonObject {
  return toJsonSchema(manifestItem, 'Item of a batch manifest');
}
