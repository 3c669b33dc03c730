import { toIsoTime } from '../core/clock.ts';
import { RequestError } from '../core/errors.ts';
import { formatMoney } from '../core/money.ts';
import type { MonthTotal } from '../core/money-book.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { systemUser } from './job-action.ts';
import { toMonth } from './money-filter.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { renderTable } from './table.ts';

interface CloseFlags {
  readonly author: string;
  readonly json?: true;
}

const HELP = `
Closes every month up to this one, for good: what is booked later is dated into the first month that is open. A month
that is closed already prints the same totals again.

Examples:
  $ pollux money close 2026-10
  $ pollux money close 2026-10 --author mona --json
`;

export const registerMoneyClose: RegisterCommand = (money, host) => {
  money
    .command('close')
    .description('fix the totals of a month that has ended')
    .argument('<month>', 'YYYY-MM, UTC', toMonth)
    .option('--author <name>', 'who closes it', systemUser())
    .option('--json', 'print JSON lines')
    .action(async (month: string, flags: CloseFlags) => {
      host.exitWith(await close(host, month, flags));
    })
    .addHelpText('after', HELP);
};

async function close(
  host: CommandHost,
  month: string,
  { author, json }: CloseFlags,
): Promise<number> {
  const { terminal } = host;
  const ledger = await openExistingLedger(await loadInstallation(host));
  if (ledger === undefined) throw noLedger();
  let closed: readonly MonthTotal[];
  try {
    closed = await ledger.closeMonth(month, author, toIsoTime(Date.now()));
  } finally {
    await ledger.close();
  }
  const totals = closed.filter((total) => total.month === month);
  if (json === true) for (const total of totals) printJson(terminal, total);
  else if (totals.length === 0) say(terminal, `${month} is closed; no money was booked in it`);
  else terminal.stdout.write(renderTotals(totals));
  return 0;
}

function noLedger(): RequestError {
  return new RequestError(
    'request.invalid',
    'there is no ledger yet, so no month can be closed; the first job makes it',
  );
}

function renderTotals(totals: readonly MonthTotal[]): string {
  return renderTable(
    ['MONTH', 'CHARGED', 'ENTRIES', 'CLOSED', 'BY'],
    totals.map((total) => [
      total.month,
      formatMoney({ currency: total.currency, micros: total.chargedMicros }),
      String(total.entries),
      `${total.closedAt.slice(0, 19)}Z`,
      total.author,
    ]),
  );
}
