import { toIsoTime } from '../core/clock.ts';
import { formatMoney, toMicros } from '../core/money.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import type { BudgetUse } from './money-budget-use.ts';
import { readBudgetUse } from './money-budget-use.ts';
import { toCell } from './money-rows.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const BAR_WIDTH = 20;

const HELP = `
Reserved and unknown money counts as spent. Days and months are those of UTC, by the moment a submission was admitted.
A budget of every tenant, batch or account shows a line for each that has spent.

Examples:
  $ pollux money budgets
  $ pollux money budgets --json | jq -r 'select(.leftMicros | startswith("-")) | .budget'
`;

export const registerMoneyBudgets: RegisterCommand = (money, host) => {
  money
    .command('budgets')
    .description('the configured budgets and what is left of them')
    .option('--json', 'print JSON lines')
    .action(async ({ json = false }: { json?: boolean }) => {
      host.exitWith(await listBudgets(host, json));
    })
    .addHelpText('after', HELP);
};

async function listBudgets(host: CommandHost, isJson: boolean): Promise<number> {
  const { terminal } = host;
  const installation = await loadInstallation(host);
  const { budgets } = installation.config;
  const at = toIsoTime(Date.now());
  const ledger = await openExistingLedger(installation);
  const uses: BudgetUse[] = [];
  try {
    for (const budget of budgets) {
      uses.push(...(await readBudgetUse(ledger ?? EMPTY, budget, at)));
    }
  } finally {
    await ledger?.close();
  }
  if (isJson) for (const use of uses) printJson(terminal, toJson(use));
  else if (uses.length > 0) terminal.stdout.write(renderBudgets(terminal, uses));
  else say(terminal, budgets.length === 0 ? 'no budgets are configured' : 'nothing is spent');
  return 0;
}

/** What a ledger says that is not there yet. */
const EMPTY: Parameters<typeof readBudgetUse>[0] = {
  summarizeMoney: async () => [],
};

function used({ spent, reserved, unknown }: BudgetUse): bigint {
  return spent + reserved + unknown;
}

function left(use: BudgetUse): bigint {
  return toMicros(use.budget.limitMicros) - used(use);
}

function toJson(use: BudgetUse): object {
  const { budget, of, spent, reserved, unknown } = use;
  const { name, scope, per, currency, limitMicros } = budget;
  return {
    ...{ budget: name, scope, of, per, currency, limitMicros },
    ...{ spentMicros: spent.toString(), reservedMicros: reserved.toString() },
    ...{ unknownMicros: unknown.toString(), leftMicros: left(use).toString() },
  };
}

function renderBudgets(terminal: Terminal, uses: readonly BudgetUse[]): string {
  return renderTable(
    ['BUDGET', 'OF', 'PER', 'LIMIT', 'SPENT', 'RESERVED', 'UNKNOWN', 'LEFT', 'USED'],
    uses.map((use) => {
      const { budget, of, spent, reserved, unknown } = use;
      const format = (micros: bigint): string =>
        formatMoney({ currency: budget.currency, micros: micros.toString() });
      return [
        budget.name,
        of === null ? budget.scope : `${budget.scope} ${toCell(of)}`,
        budget.per,
        format(toMicros(budget.limitMicros)),
        ...[spent, reserved, unknown, left(use)].map(format),
        describeShare(terminal, use),
      ];
    }),
  );
}

/** `45 %`, with a bar for a person. */
function describeShare(terminal: Terminal, use: BudgetUse): string {
  const limit = toMicros(use.budget.limitMicros);
  const percent = limit === 0n ? 100 : Number((used(use) * 100n) / limit);
  const text = `${percent} %`;
  if (!terminal.stdout.isTerminal) return text;
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${text}`;
}
