import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson } from './host.ts';
import { loadInstallation } from './session.ts';

const HELP = `
Every command that opens the ledger brings its tables to this release first; this one does nothing else and says so. All
migrations of a call are one transaction, and none leads back: make a copy of the database before, or an export with the
earlier release.

Examples:
  $ pollux ledger migrate
  $ pollux ledger migrate --json
`;

export const registerLedgerMigrate: RegisterCommand = (ledger, host) => {
  ledger
    .command('migrate')
    .description('bring the tables to this release, make them where there are none')
    .option('--json', 'print one JSON document')
    .action(async ({ json = false }: { json?: boolean }) => {
      host.exitWith(await migrate(host, json));
    })
    .addHelpText('after', HELP);
};

async function migrate(host: CommandHost, isJson: boolean): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const { migrateLedger } = await import('../installation/ledger-schema.ts');
  const { from, to } = await migrateLedger(installation);
  const { url } = installation.config.ledger;
  if (isJson) printJson(terminal, { ledger: url, from, to });
  else if (from === to) print(terminal, `${url} is at ${to} already`);
  else if (from === null) print(terminal, `${url} is made, at ${to}`);
  else print(terminal, `${url} is brought from ${from} to ${to}`);
  return 0;
}
