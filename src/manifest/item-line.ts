import type { BatchItem } from '../core/batch.ts';
import { StorageError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import { parseManifestItem } from '../schema/manifest-item.ts';

/** The one text of an item, without a line feed: a revision is made of these. Wire format, version 1. */
export function toItemLine({ id, request }: BatchItem): string {
  return canonicalJson({ id, ...request });
}

/** Throws `storage.corrupt` for a text that is no item. */
export function parseItemLine(text: string, key: string): BatchItem {
  const parsed = parseManifestItem(parseJson(text));
  if (parsed.kind === 'item') return parsed.item;
  const fields = parsed.issues.map(({ field }) => field).join(', ');
  throw new StorageError('storage.corrupt', `${key} holds a line that is no item: ${fields}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
