import type { Command } from 'commander';
import { Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { fileErrorCode } from '../core/file-errors.ts';
import type { Terminal } from './terminal.ts';

/** How rows are printed. Without a flag: as a table. */
export interface RowFormat {
  readonly json?: true;
  readonly csv?: true;
}

/** Amounts are bigints: a negative number given as text would be taken for a formula. */
export type CsvValue = string | bigint | null;

/** How a row is shown in each format. */
export interface RowView<Row> {
  readonly header: readonly string[];
  cells(row: Row): readonly string[];
  readonly csvHeader: readonly string[];
  csvValues(row: Row): readonly CsvValue[];
  /** What `--json` prints. */
  toJson(row: Row): object;
}

const PAGE_ROWS = 500;

export function addRowFormatOptions(command: Command): Command {
  return command
    .addOption(new Option('--json', 'print JSON lines').conflicts('csv'))
    .addOption(new Option('--csv', 'print CSV, amounts in micros').conflicts('json'));
}

/** Rows as CSV. Texts that a spreadsheet would run as a formula get a `'` in front. */
export function toCsv(rows: readonly (readonly CsvValue[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    { escape_formulas: true },
  );
}

/**
 * Writes rows to stdout while they are read, however many there are. Returns how many were written; stops without an
 * error where the reader of stdout went away. Throws what reading throws, and the signal's reason.
 */
export async function writeRows<Row>(
  terminal: Terminal,
  rows: AsyncIterable<Row>,
  view: RowView<Row>,
  format: RowFormat,
  signal: AbortSignal,
): Promise<number> {
  const render = createRenderer(view, format);
  let page: Row[] = [];
  let written = 0;
  const flush = async (): Promise<void> => {
    const text = render(page, written === 0);
    if (text !== '') await terminal.writeBytes(Buffer.from(text));
    written += page.length;
    page = [];
  };
  try {
    for await (const row of rows) {
      signal.throwIfAborted();
      page.push(row);
      if (page.length === PAGE_ROWS) await flush();
    }
    if (page.length > 0 || written === 0) await flush();
  } catch (error) {
    // A reader that went away, as in `… | head`, is no error of ours.
    if (fileErrorCode(error) !== 'EPIPE') throw error;
  }
  return written;
}

type RenderPage<Row> = (page: readonly Row[], isFirst: boolean) => string;

function createRenderer<Row>(view: RowView<Row>, { json, csv }: RowFormat): RenderPage<Row> {
  if (json === true) {
    return (page) => page.map((row) => `${JSON.stringify(view.toJson(row))}\n`).join('');
  }
  if (csv === true) {
    return (page, isFirst) => {
      const rows = page.map((row) => view.csvValues(row));
      return toCsv(isFirst ? [view.csvHeader, ...rows] : rows);
    };
  }
  return createTableRenderer(view);
}

/** Text that can neither move the cursor nor break a line. */
export function toCell(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}

/** Columns grow with the pages: what is printed already stays as it is. */
function createTableRenderer<Row>(view: RowView<Row>): RenderPage<Row> {
  let widths = view.header.map(() => 0);
  return (page, isFirst) => {
    if (page.length === 0) return '';
    const rows = page.map((row) => view.cells(row).map(toCell));
    const lines = isFirst ? [view.header, ...rows] : rows;
    widths = widths.map((width, column) =>
      lines.reduce((widest, line) => Math.max(widest, line[column]?.length ?? 0), width),
    );
    return lines.map((line) => `${renderLine(line, widths)}\n`).join('');
  };
}

function renderLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return padded.join('  ').trimEnd();
}
