import { nearestName } from '../schema/nearest-name.ts';
import { ITEM_FIELDS } from '../schema/manifest-item.ts';
import { toItemValue } from './csv-cells.ts';
import { readRecords } from './csv-records.ts';
import type { ManifestProblem } from './problems.ts';
import { WHOLE_LINE } from './problems.ts';
import type { TextLine } from './read-lines.ts';
import { decodeText, NOT_UTF8, TOO_LONG } from './read-lines.ts';

/** What a line writes, unchecked, or why that cannot be told. */
export type LineValue =
  | { readonly kind: 'value'; readonly line: number; readonly value: unknown }
  | {
      readonly kind: 'problems';
      readonly line: number;
      readonly problems: readonly ManifestProblem[];
    };

const BLANK = /^\s*$/;

/** One JSON value per line; blank lines are left out. */
export async function* readJsonLines(lines: AsyncIterable<TextLine>): AsyncGenerator<LineValue> {
  for await (const line of lines) {
    const text = line.isTooLong ? undefined : decodeText(line.bytes);
    if (text === undefined) yield lineProblem(line.number, line.isTooLong ? TOO_LONG : NOT_UTF8);
    else if (!BLANK.test(text)) yield parseLine(line.number, text);
  }
}

/** One item per record below a header of column names; empty records are left out. Ends where the header names no items. */
export async function* readCsv(lines: AsyncIterable<TextLine>): AsyncGenerator<LineValue> {
  let columns: readonly string[] | undefined;
  for await (const record of readRecords(lines)) {
    const { line } = record;
    if (record.kind === 'broken') yield lineProblem(line, record.rule);
    else if (record.cells.every((cell) => BLANK.test(cell))) continue;
    else if (columns !== undefined) yield toValue(line, columns, record.cells);
    else {
      columns = record.cells.map((name) => name.trim());
      const problems = checkHeader(line, columns);
      if (problems.length > 0) yield { kind: 'problems', line, problems };
      if (REQUIRED.some((name) => !columns?.includes(name))) return;
    }
  }
}

const SHOWN_LENGTH = 60;
const REQUIRED = ['id', 'model'];

function lineProblem(line: number, rule: string): LineValue {
  return { kind: 'problems', line, problems: [{ line, field: WHOLE_LINE, value: '', rule }] };
}

/** What V8 says of broken JSON quotes the text, and with it a prompt. */
function parseLine(line: number, text: string): LineValue {
  try {
    return { kind: 'value', line, value: JSON.parse(text) as unknown };
  } catch {
    return lineProblem(line, 'must be one JSON object');
  }
}

function toValue(line: number, columns: readonly string[], cells: readonly string[]): LineValue {
  if (cells.length === columns.length) {
    const known = columns.map((name) => (ITEM_FIELDS.includes(name) ? name : undefined));
    return { kind: 'value', line, value: toItemValue(known, cells) };
  }
  return lineProblem(
    line,
    `has ${String(cells.length)} cells, and the header names ${String(columns.length)} columns`,
  );
}

function checkHeader(line: number, columns: readonly string[]): readonly ManifestProblem[] {
  const wrong = columns.flatMap((name, index): ManifestProblem[] => {
    const rule = checkColumn(name, columns.indexOf(name) < index);
    const field = name === '' ? `column ${String(index + 1)}` : name.slice(0, SHOWN_LENGTH);
    return rule === undefined ? [] : [{ line, field, value: '', rule }];
  });
  const missing = REQUIRED.filter((name) => !columns.includes(name)).map((field) => ({
    ...{ line, field, value: '' },
    rule: 'must be a column of the header',
  }));
  return [...wrong, ...missing];
}

function checkColumn(name: string, isRepeated: boolean): string | undefined {
  if (isRepeated) return 'is a column twice';
  if (ITEM_FIELDS.includes(name)) return undefined;
  if (name.includes(';')) return 'is no column; columns are separated by commas';
  const nearest = nearestName(name, ITEM_FIELDS);
  return nearest === undefined
    ? `is no column; there are: ${ITEM_FIELDS.join(', ')}`
    : `is no column; did you mean ${nearest}?`;
}
