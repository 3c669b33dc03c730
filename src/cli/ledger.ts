import type { RegisterCommand } from './host.ts';
import { registerLedgerCheck } from './ledger-check.ts';
import { registerLedgerExport } from './ledger-export.ts';
import { registerLedgerImport } from './ledger-import.ts';
import { registerLedgerMigrate } from './ledger-migrate.ts';

const EXAMPLES = `
Temporal and the providers may be away.

Examples:
  $ pollux ledger check
  $ pollux ledger export backup.jsonl
  $ pollux --config other.yaml ledger import backup.jsonl
`;

export const registerLedger: RegisterCommand = (program, host) => {
  const ledger = program
    .command('ledger')
    .description('migrate, check, export and import the ledger')
    .addHelpText('after', EXAMPLES);
  registerLedgerMigrate(ledger, host);
  registerLedgerCheck(ledger, host);
  registerLedgerExport(ledger, host);
  registerLedgerImport(ledger, host);
};
