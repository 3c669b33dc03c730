import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DatabaseSync } from '@photostructure/sqlite';

import type { Ledger } from '../../../src/core/ledger.ts';
import type { SqlLedgerOptions } from '../../../src/ledger/sql.ts';
import { createSqlLedger } from '../../../src/ledger/sql.ts';

/** A database file in a folder of its own; everything opened through it is closed with it. */
export class TemporaryLedger {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pollux-ledger-'));
  readonly path: string = join(this.folder, 'state', 'ledger.db');
  readonly #closers: (() => Promise<void> | void)[] = [];

  async open(options: Omit<SqlLedgerOptions, 'url'> = {}): Promise<Ledger> {
    const ledger = await createSqlLedger({ url: `sqlite:${this.path}`, ...options });
    this.#closers.push(() => ledger.close());
    return ledger;
  }

  /** The file as another program sees it. */
  openRaw(): InstanceType<typeof DatabaseSync> {
    const database = new DatabaseSync(this.path);
    this.#closers.push(() => database.close());
    return database;
  }

  async remove(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    rmSync(this.folder, { recursive: true });
  }
}
