import { parse } from 'csv-parse/sync';
import { decodeText, MAX_LINE_BYTES, NOT_UTF8, TOO_LONG } from './read-lines.ts';
import type { TextLine } from './read-lines.ts';

/** A record begins at its line; a quoted cell may hold more lines. */
export type CsvRecord =
  | { readonly kind: 'cells'; readonly line: number; readonly cells: readonly string[] }
  | { readonly kind: 'broken'; readonly line: number; readonly rule: string };

const QUOTE = 0x22;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = Buffer.from('\n');

const UNCLOSED = 'a quote is opened and not closed';
const BARE_QUOTE = 'a cell with a quote in it must stand in quotes, and its own quotes be doubled';

/**
 * Groups lines to records by their quotes and splits each into cells. Where the quotes of a record are wrong, its second
 * line is read as a record of its own: one lost quote does not hide what follows.
 */
export async function* readRecords(lines: AsyncIterable<TextLine>): AsyncGenerator<CsvRecord> {
  const source = lines[Symbol.asyncIterator]();
  let ahead: readonly TextLine[] = [];
  for (;;) {
    const group = await takeGroup(source, ahead);
    const [first, ...others] = group.lines;
    if (first === undefined) return;
    const record = toRecord(first, group);
    yield record;
    const isMisquoted =
      record.kind === 'broken' && (record.rule === UNCLOSED || record.rule === BARE_QUOTE);
    ahead = isMisquoted ? [...others, ...group.ahead] : group.ahead;
  }
}

interface LineGroup {
  readonly lines: readonly TextLine[];
  readonly isClosed: boolean;
  /** Lines that were read before and belong to later records. */
  readonly ahead: readonly TextLine[];
}

/** Takes lines until every quote is closed, the lines end or the record is too long. */
async function takeGroup(
  source: AsyncIterator<TextLine>,
  waiting: readonly TextLine[],
): Promise<LineGroup> {
  const lines: TextLine[] = [];
  let taken = 0;
  let sizeBytes = 0;
  let isClosed = true;
  do {
    const line = waiting[taken] ?? (await next(source));
    if (line === undefined) break;
    taken += 1;
    sizeBytes += line.sizeBytes + 1;
    lines.push(line);
    if (countQuotes(line.bytes) % 2 === 1) isClosed = !isClosed;
  } while (!isClosed && sizeBytes <= MAX_LINE_BYTES);
  return { lines, isClosed, ahead: waiting.slice(taken) };
}

async function next(source: AsyncIterator<TextLine>): Promise<TextLine | undefined> {
  const step = await source.next();
  return step.done === true ? undefined : step.value;
}

function countQuotes(bytes: Uint8Array): number {
  let quotes = 0;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) quotes += 1;
  return quotes;
}

function toRecord(first: TextLine, { lines, isClosed }: LineGroup): CsvRecord {
  const line = first.number;
  const tooLong = lines.find(({ isTooLong }) => isTooLong);
  if (tooLong !== undefined) return { kind: 'broken', line, rule: TOO_LONG };
  if (!isClosed) return { kind: 'broken', line, rule: UNCLOSED };
  const text = decodeText(join(lines));
  if (text === undefined) return { kind: 'broken', line, rule: NOT_UTF8 };
  const cells = splitCells(text);
  return cells === undefined
    ? { kind: 'broken', line, rule: BARE_QUOTE }
    : { kind: 'cells', line, cells };
}

/** The carriage return before the last line feed belongs to the end of the record, those inside to its cells. */
function join(lines: readonly TextLine[]): Uint8Array {
  const parts = lines.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [LINE_FEED, bytes]));
  const whole = Buffer.concat(parts);
  return whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
}

function splitCells(text: string): readonly string[] | undefined {
  if (text === '') return [];
  try {
    const records = parse(text, { record_delimiter: ['\n'], relax_column_count: true });
    return records.length === 1 ? records[0] : undefined;
  } catch {
    return undefined;
  }
}
