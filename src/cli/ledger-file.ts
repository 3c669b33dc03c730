import { RequestError } from '../core/errors.ts';
import type { ExportedRow } from '../core/money-book.ts';

/**
 * A ledger as JSON lines: a head, then the rows as the ledger exports them. The ledger itself tells a whole export from
 * one that was cut, and its own schema from another. Wire format, version 1.
 */
const FORMAT = 'pollux-ledger';
const VERSION = 1;

export interface LedgerFileHead {
  /** The migration that the tables were at. */
  readonly schema: string;
  /** ISO 8601. */
  readonly exportedAt: string;
}

/** The lines of a file, without their ends. */
export async function* toLedgerLines(
  rows: AsyncIterable<ExportedRow>,
  head: LedgerFileHead,
): AsyncGenerator<string> {
  yield JSON.stringify({ format: FORMAT, version: VERSION, ...head });
  for await (const { table, row } of rows) yield JSON.stringify({ table, row });
}

/** The rows in a file's lines. Throws `request.invalid`, with the number of the line, for what is no such file. */
export async function* readLedgerLines(lines: AsyncIterable<string>): AsyncGenerator<ExportedRow> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const value = parseLine(line, number);
    if (number === 1) checkHead(value);
    else yield toRow(value, number);
  }
}

type JsonRecord = Readonly<Record<string, unknown>>;

function parseLine(line: string, number: number): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalid(number, 'must be JSON; the file may have been cut there');
  }
  if (isRecord(value)) return value;
  throw invalid(number, 'must be a JSON object');
}

function checkHead(head: JsonRecord): void {
  if (head['format'] !== FORMAT) {
    throw invalid(1, `must tell "format":"${FORMAT}": this is no exported ledger`);
  }
  if (head['version'] === VERSION) return;
  throw invalid(1, `must tell "version":${VERSION}: import with the release that exported it`);
}

function toRow({ table, row }: JsonRecord, number: number): ExportedRow {
  if (typeof table !== 'string' || !isRecord(row)) {
    throw invalid(number, 'must hold a table and a row');
  }
  const columns: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== null && typeof value !== 'string') {
      throw invalid(number, `must hold texts and nulls; ${JSON.stringify(name)} is neither`);
    }
    columns[name] = value;
  }
  return { table, row: columns };
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(number: number, rule: string): RequestError {
  return new RequestError('request.invalid', `line ${number} of the file ${rule}`);
}
