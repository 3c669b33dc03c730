import { ledgerContract } from '../contract/suites/ledger-contract.ts';
import { createMemoryLedger } from './ledger/memory-ledger.ts';

const cases = ledgerContract({
  open: async () => {
    const { ledger } = createMemoryLedger();
    return { ledger, dispose: () => ledger.close() };
  },
});

describe('the ledger in memory keeps the laws of the Ledger port', () => {
  it.each(cases)('$name', async ({ run }) => {
    await run();
  });
});
