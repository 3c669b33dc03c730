import type { ExportedRow } from '../core/money-book.ts';
import { EXPORTED_TABLES, FOOTER, HEADER } from './exported-tables.ts';
import { SCHEMA } from './migrate.ts';
import type { LedgerDatabase } from './session.ts';
import type { Row } from './stored-rows.ts';
import { readTable } from './stored-rows.ts';

/** Every row as it lies in the database; what is sealed stays sealed. The first row names the schema, the last counts. */
export async function* exportRows(database: LedgerDatabase): AsyncGenerator<ExportedRow, void> {
  yield { table: HEADER, row: { schema: SCHEMA } };
  let rows = 0;
  for (const table of EXPORTED_TABLES) {
    for await (const row of readTable((work) => work(database), table)) {
      rows += 1;
      yield { table, row: toCells(row) };
    }
  }
  yield { table: FOOTER, row: { rows: String(rows) } };
}

function toCells(row: Row): ExportedRow['row'] {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
}
