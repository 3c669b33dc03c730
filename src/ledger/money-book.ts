import { LedgerError } from '../core/errors.ts';
import type { ExportedRow, MoneyBook } from '../core/money-book.ts';
import { readBookedEntries } from './booked-entries.ts';
import { exportRows } from './exporting.ts';
import { importRows } from './importing.ts';
import { settleMoney } from './money-settling.ts';
import { closeMonth, readClosedMonths } from './months.ts';
import { pauseAccount, readPauses } from './pauses.ts';
import { toKey } from './rows.ts';
import type { Session } from './session.ts';
import { summarizeMoney } from './summaries.ts';

/** The ledger's members for money beyond single jobs. */
export function createMoneyBook(session: Session): MoneyBook {
  const { read, write, snapshot } = session;
  return {
    pauseAccount: (account, pause) =>
      write((transaction) => pauseAccount(transaction, account, pause)),
    pauses: (at) => read((database) => readPauses(database, at)),
    settleMoney: (submission, settlement, decision, at) =>
      write((transaction) => settleMoney(transaction, toKey(submission), settlement, decision, at)),
    closeMonth: (month, author, at) =>
      write((transaction) => closeMonth(transaction, month, author, at)),
    closedMonths: () => read(readClosedMonths),
    summarizeMoney: (filter, by) => read((database) => summarizeMoney(database, filter, by)),
    allEntries: (filter) => snapshot((database) => readBookedEntries(database, filter)),
    exportRows: () => snapshot(exportRows),
    importRows: (rows) => importOnce(session, rows),
  };
}

/** The rows can be read once: a transaction that has to run again after that has none to write. */
async function importOnce(
  { writeAtLength }: Session,
  rows: AsyncIterable<ExportedRow>,
): Promise<number> {
  let isRead = false;
  return writeAtLength((transaction) => {
    if (isRead) {
      throw new LedgerError(
        'ledger.unavailable',
        'the import met another transaction and wrote nothing: run it again',
      );
    }
    isRead = true;
    return importRows(transaction, rows);
  });
}
