import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSqlLedger } from '../../src/ledger/sql.ts';
import { ledgerContract } from './suites/ledger-contract.ts';

const cases = ledgerContract({
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pollux-ledger-'));
    const ledger = await createSqlLedger({ url: `sqlite:${join(folder, 'ledger.db')}` });
    return {
      ledger,
      dispose: async () => {
        await ledger.close();
        await rm(folder, { recursive: true });
      },
    };
  },
});

describe('the SQLite ledger keeps the laws of the Ledger port', () => {
  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
