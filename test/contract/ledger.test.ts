import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSqlLedger } from '../../src/ledger/sql.ts';
import type { PostgresServer } from '../installation/postgres.ts';
import { startPostgres } from '../installation/postgres.ts';
import type { LedgerUnderTest } from './suites/ledger/ledger-under-test.ts';
import { ledgerContract } from './suites/ledger-contract.ts';

async function openSqlite(): Promise<LedgerUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'pollux-ledger-'));
  const ledger = await createSqlLedger({ url: `sqlite:${join(folder, 'ledger.db')}` });
  return {
    ledger,
    dispose: async () => {
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
}

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await startPostgres();
  url = await server.createDatabase();
});
afterAll(() => server.close());

async function openPostgres(): Promise<LedgerUnderTest> {
  await server.clear(url);
  const ledger = await createSqlLedger({ url });
  return { ledger, dispose: () => ledger.close() };
}

describe('the SQLite ledger keeps the laws of the Ledger port', () => {
  const cases = ledgerContract({ open: openSqlite, openOther: openPostgres });

  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});

describe('the PostgreSQL ledger keeps the laws of the Ledger port', () => {
  const cases = ledgerContract({ open: openPostgres, openOther: openSqlite });

  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
