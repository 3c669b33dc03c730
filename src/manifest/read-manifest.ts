import type { BatchItem } from '../core/batch.ts';
import type { Quote } from '../core/money.ts';
import type { RequestIssue } from '../core/request-issue.ts';
import { isRecord } from '../schema/problems.ts';
import type { CheckItem } from './check-item.ts';
import { checkItem } from './check-item.ts';
import type { ManifestProblem } from './problems.ts';
import { toManifestProblem } from './problems.ts';
import { readLines } from './read-lines.ts';
import { readCsv, readJsonLines } from './read-values.ts';

export type ManifestFormat = 'jsonl' | 'csv';

export interface ReadManifestOptions {
  readonly check: CheckItem;
}

/** One item of a manifest, or all that is wrong with its line. */
export type ManifestLine =
  | {
      readonly kind: 'item';
      readonly line: number;
      readonly item: BatchItem;
      readonly quote: Quote | null;
    }
  | {
      readonly kind: 'problems';
      readonly line: number;
      readonly problems: readonly ManifestProblem[];
    };

/**
 * Reads a manifest line by line and checks every one; a bad line is a value and ends nothing. Holds one line and the ids.
 * Rejects only with what the source throws.
 *
 * @example
 * const check = (item: BatchItem) => prepareRequest(accounts, item.request).quote;
 * for await (const line of readManifest(createReadStream('items.jsonl'), 'jsonl', { check })) {
 *   if (line.kind === 'problems') console.error(line.problems.map(formatProblem).join('\n'));
 * }
 */
export async function* readManifest(
  source: AsyncIterable<Uint8Array>,
  format: ManifestFormat,
  { check }: ReadManifestOptions,
): AsyncGenerator<ManifestLine> {
  const lines = readLines(source);
  const lineOfId = new Map<string, number>();
  for await (const read of format === 'csv' ? readCsv(lines) : readJsonLines(lines)) {
    if (read.kind === 'problems') {
      yield read;
      continue;
    }
    const { line } = read;
    const checked = checkItem(read.value, check);
    const issues = [
      ...claimId(lineOfId, line, read.value),
      ...(checked.kind === 'issues' ? checked.issues : []),
    ];
    if (checked.kind === 'item' && issues.length === 0) {
      yield { kind: 'item', line, item: checked.item, quote: checked.quote };
    } else yield toProblems(line, issues);
  }
}

/** The first line that has an id keeps it, also where the rest of that line is wrong. */
function claimId(
  lineOfId: Map<string, number>,
  line: number,
  value: unknown,
): readonly RequestIssue[] {
  const id = isRecord(value) ? value['id'] : undefined;
  if (typeof id !== 'string') return [];
  const first = lineOfId.get(id);
  if (first === undefined) {
    lineOfId.set(id, line);
    return [];
  }
  return [{ field: 'id', value: id, rule: `is the id of line ${String(first)}, too` }];
}

function toProblems(line: number, issues: readonly RequestIssue[]): ManifestLine {
  return {
    kind: 'problems',
    line,
    problems: issues.map((issue) => toManifestProblem(line, issue)),
  };
}
