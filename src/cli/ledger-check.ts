import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson, say } from './host.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { paint } from './terminal.ts';

const DAMAGED_EXIT_CODE = 1;

const HELP = `
Checks the database itself: its pages, and the guards that refuse changes of entries. Ends with 1 where something is
wrong. \`pollux audit\` checks what the rows say.

Examples:
  $ pollux ledger check
  $ pollux ledger check --json
`;

export const registerLedgerCheck: RegisterCommand = (ledger, host) => {
  ledger
    .command('check')
    .description('look for damage in the database itself')
    .option('--json', 'print one JSON document')
    .action(async ({ json = false }: { json?: boolean }) => {
      host.exitWith(await check(host, json));
    })
    .addHelpText('after', HELP);
};

async function check(host: CommandHost, isJson: boolean): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const { url } = installation.config.ledger;
  const ledger = await openExistingLedger(installation);
  if (ledger === undefined) {
    if (isJson) printJson(terminal, { ledger: url, exists: false, findings: [] });
    else say(terminal, `there is no ledger at ${url} yet`);
    return 0;
  }
  let findings: readonly string[];
  try {
    findings = await ledger.check();
  } finally {
    await ledger.close();
  }
  if (isJson) printJson(terminal, { ledger: url, exists: true, findings });
  else if (findings.length === 0) {
    print(terminal, `${paint(terminal, terminal.stdout, 'green', 'ok')}  ${url}`);
  } else for (const finding of findings) print(terminal, finding);
  return findings.length === 0 ? 0 : DAMAGED_EXIT_CODE;
}
