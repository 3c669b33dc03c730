import { sql } from 'kysely';

import { LedgerError, RequestError } from '../core/errors.ts';
import type { ExportedRow } from '../core/money-book.ts';
import { computeDailyMoney } from './daily-check.ts';
import type { ExportedTable } from './exported-tables.ts';
import { columnsOf, EXPORTED_TABLES, FOOTER, HEADER, isExportedTable } from './exported-tables.ts';
import { SCHEMA } from './migrate.ts';
import type { LedgerTransaction } from './session.ts';

const ROWS_PER_STATEMENT = 200;

/**
 * Writes the rows of an export into an empty ledger and returns how many they are, without the first and the last. Run
 * twice: the second run finds a ledger that is not empty. Throws `ledger.conflict` for that, `request.invalid` for rows
 * that are no whole export of this schema.
 */
export async function importRows(
  transaction: LedgerTransaction,
  rows: AsyncIterable<ExportedRow>,
): Promise<number> {
  await refuseFilledLedger(transaction);
  let written = 0;
  let batch: Batch | undefined;
  for await (const row of readWholeExport(rows)) {
    const table = toTable(row, written);
    if (batch?.table !== table || batch.rows.length >= ROWS_PER_STATEMENT) {
      await insertBatch(transaction, batch);
      batch = { table, rows: [] };
    }
    batch.rows.push(toValues(table, row, written));
    written += 1;
  }
  await insertBatch(transaction, batch);
  await computeDailyMoney(transaction);
  return written;
}

interface Batch {
  readonly table: ExportedTable;
  readonly rows: (readonly (string | bigint | null)[])[];
}

async function refuseFilledLedger(transaction: LedgerTransaction): Promise<void> {
  for (const table of EXPORTED_TABLES) {
    const row = await transaction
      .selectFrom(table)
      .select(sql<bigint>`1`.as('one'))
      .limit(1n)
      .execute();
    if (row.length === 0) continue;
    throw new LedgerError(
      'ledger.conflict',
      `the ledger is not empty (table ${table} has rows): import into a new one`,
      { details: { table } },
    );
  }
}

/** The rows between the first, which names the schema, and the last, which counts them. */
async function* readWholeExport(
  rows: AsyncIterable<ExportedRow>,
): AsyncGenerator<ExportedRow, void> {
  let position = 0;
  let isWhole = false;
  for await (const row of rows) {
    if (isWhole) throw invalid('there are rows after its end', position);
    if (position === 0) refuseOtherSchema(row);
    else if (row.table !== FOOTER) yield row;
    else {
      const count = position - 1;
      if (row.row['rows'] !== String(count)) throw invalid('rows are missing', position);
      isWhole = true;
    }
    position += 1;
  }
  if (!isWhole) throw invalid('its end is missing', position);
}

function refuseOtherSchema({ table, row }: ExportedRow): void {
  const schema = row['schema'];
  if (table !== HEADER || typeof schema !== 'string')
    throw invalid('it does not name its schema', 0);
  if (schema === SCHEMA) return;
  throw new RequestError(
    'request.invalid',
    `the export has schema ${schema}, this release ${SCHEMA}: import it with the release that wrote it, ` +
      'open that ledger with this release, which migrates it, and export it again',
    { details: { schema, expectedSchema: SCHEMA } },
  );
}

function toTable({ table }: ExportedRow, position: number): ExportedTable {
  if (isExportedTable(table)) return table;
  throw invalid(`there is no table ${JSON.stringify(table)}`, position);
}

const INTEGER = /^-?(0|[1-9][0-9]*)$/;

function toValues(
  table: ExportedTable,
  { row }: ExportedRow,
  position: number,
): readonly (string | bigint | null)[] {
  const columns = Object.entries(columnsOf(table));
  if (Object.keys(row).length !== columns.length) {
    throw invalid(`a row of ${table} has other columns than the table`, position);
  }
  return columns.map(([column, type]) => {
    const cell = row[column];
    if (cell === undefined) throw invalid(`a row of ${table} has no ${column}`, position);
    if (cell === null || type === 'text') return cell;
    if (!INTEGER.test(cell)) throw invalid(`${table}.${column} is not an integer`, position);
    return BigInt(cell);
  });
}

function invalid(what: string, position: number): RequestError {
  return new RequestError('request.invalid', `this is not a whole export of a ledger: ${what}`, {
    details: { row: position + 1 },
  });
}

async function insertBatch(
  transaction: LedgerTransaction,
  batch: Batch | undefined,
): Promise<void> {
  if (batch === undefined) return;
  const columns = sql.join(Object.keys(columnsOf(batch.table)).map((column) => sql.id(column)));
  const values = sql.join(batch.rows.map((row) => sql`(${sql.join(row)})`));
  await sql`insert into ${sql.table(batch.table)} (${columns}) values ${values}`.execute(
    transaction,
  );
}
