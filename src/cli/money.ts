import type { RegisterCommand } from './host.ts';
import { registerMoneyBudgets } from './money-budgets.ts';
import { registerMoneyClose } from './money-close.ts';
import { registerMoneyDiscrepancies } from './money-discrepancies.ts';
import { registerMoneyEntries } from './money-entries.ts';
import { registerMoneySettle } from './money-settle.ts';
import { registerMoneySummary } from './money-summary.ts';

const EXAMPLES = `
Read from and written to the ledger alone: Temporal and the providers may be away. Amounts of two currencies are never
added or converted. Days and months are those of UTC.

Examples:
  $ pollux money summary --by tenant,model --month 2026-11
  $ pollux money entries --job shot-7
  $ pollux money settle shot-7 --charged "0.45 USD" --reason "on the provider's bill of November"
  $ pollux money close 2026-11
`;

export const registerMoney: RegisterCommand = (program, host) => {
  const money = program
    .command('money')
    .description('statements, budgets, and decisions about money')
    .addHelpText('after', EXAMPLES);
  registerMoneySummary(money, host);
  registerMoneyEntries(money, host);
  registerMoneyDiscrepancies(money, host);
  registerMoneySettle(money, host);
  registerMoneyClose(money, host);
  registerMoneyBudgets(money, host);
};
