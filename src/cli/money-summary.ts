import { InvalidArgumentError } from 'commander';
import type { Ledger } from '../core/ledger.ts';
import { formatMoney } from '../core/money.ts';
import type { MoneyDimension, MoneyLine, MonthTotal } from '../core/money-book.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import type { MoneyFilterFlags } from './money-filter.ts';
import { addMoneyFilterOptions, toMoneyFilter } from './money-filter.ts';
import { toSvgPath, writePlot } from './money-plot.ts';
import type { RowFormat } from './money-rows.ts';
import { addRowFormatOptions, toCell, toCsv } from './money-rows.ts';
import type { SummaryShape } from './money-summary-view.ts';
import { createSummaryView, totalCells } from './money-summary-view.ts';
import { sumByCurrency } from './money-totals.ts';
import { renderDayChart, toDaySeries } from './plot.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

interface SummaryFlags extends MoneyFilterFlags, RowFormat {
  readonly by?: readonly MoneyDimension[];
  readonly plot?: string;
}

const DIMENSIONS: readonly MoneyDimension[] = [
  'tenant',
  'batch',
  'account',
  'model',
  'day',
  'month',
];

const HELP = `
Charged is what was charged and adjusted, dated by its entry. Estimated is the part of it that one adjustment is still to
follow. Reserved belongs to submissions that have not ended; unknown to those of which nothing proves whether they were
billed (\`pollux money settle\` decides). Over a part of time these two are changes. A month marked as closed keeps its
charges for good.

--json and --csv print the lines without totals; a call without --by prints the totals alone.

Examples:
  $ pollux money summary
  $ pollux money summary --by day --month 2026-11 --plot spend.svg
  $ pollux money summary --by tenant,model --from 2026-11-01 --to 2026-11-15 --csv > november.csv
  $ pollux money summary --by batch --currency USD --json | jq -r 'select(.unknownMicros != "0") | .batch'
`;

export const registerMoneySummary: RegisterCommand = (money, host) => {
  const summary = money
    .command('summary')
    .description('what was charged, is reserved and is unknown')
    .option('--by <dimensions>', `one or more of ${DIMENSIONS.join(',')}`, toDimensions);
  addRowFormatOptions(addMoneyFilterOptions(summary))
    .option('--plot <file.svg>', 'draw the charges per day into an SVG file, too', toSvgPath)
    .action(async (flags: SummaryFlags) => {
      host.exitWith(await summarize(host, flags));
    })
    .addHelpText('after', HELP);
};

interface Statement {
  readonly lines: readonly MoneyLine[];
  /** Grouped by day at least, where somebody wants to see them. */
  readonly daily: readonly MoneyLine[];
  readonly closed: readonly MonthTotal[];
}

async function summarize(host: CommandHost, flags: SummaryFlags): Promise<number> {
  const { terminal } = host;
  const filter = toMoneyFilter(flags);
  const ledger = await openExistingLedger(await loadInstallation(host));
  let statement: Statement = { lines: [], daily: [], closed: [] };
  try {
    if (ledger !== undefined) statement = await readStatement(ledger, filter, flags);
  } finally {
    await ledger?.close();
  }
  const { by = [] } = flags;
  const hasDays = by.includes('day');
  const isPeriod =
    hasDays || by.includes('month') || filter.from !== undefined || filter.before !== undefined;
  const shape = { by, isPeriod, closed: statement.closed };
  print(terminal, statement, shape, flags);
  if (flags.month !== undefined) sayIfClosed(terminal, flags.month, statement.closed);
  if (flags.plot !== undefined) {
    await writePlot(flags.plot, toDaySeries(statement.daily), flags, terminal.cwd);
    say(terminal, `the chart is in ${flags.plot}`);
  }
  return 0;
}

async function readStatement(
  ledger: Ledger,
  filter: ReturnType<typeof toMoneyFilter>,
  { by = [], plot }: SummaryFlags,
): Promise<Statement> {
  const lines = await ledger.summarizeMoney(filter, by);
  const closed = await ledger.closedMonths();
  if (by.includes('day')) return { lines, closed, daily: lines };
  const daily = plot === undefined ? [] : await ledger.summarizeMoney(filter, ['day']);
  return { lines, closed, daily };
}

function print(
  terminal: Terminal,
  { lines, daily }: Statement,
  shape: SummaryShape,
  { json, csv }: RowFormat,
): void {
  const view = createSummaryView(shape);
  if (json === true) {
    for (const line of lines) printJson(terminal, view.toJson(line));
    return;
  }
  if (csv === true) {
    terminal.stdout.write(toCsv([view.csvHeader, ...lines.map((line) => view.csvValues(line))]));
    return;
  }
  if (lines.length === 0) {
    say(terminal, 'no money was booked');
    return;
  }
  const rows = lines.map((line) => view.cells(line).map(toCell));
  const totals = shape.by.length === 0 ? [] : sumByCurrency(lines);
  const totalRows = totals.map((sums) => totalCells(shape, sums));
  terminal.stdout.write(renderTable(view.header, [...rows, ...totalRows]));
  if (shape.by.includes('day')) terminal.stdout.write(renderDayChart(terminal, toDaySeries(daily)));
}

function sayIfClosed(terminal: Terminal, month: string, closed: readonly MonthTotal[]): void {
  const totals = closed.filter((total) => total.month === month);
  const [first] = totals;
  if (first === undefined) return;
  const amounts = totals.map(({ currency, chargedMicros }) =>
    formatMoney({ currency, micros: chargedMicros }),
  );
  const day = first.closedAt.slice(0, 10);
  say(terminal, `${month} is closed (${first.author}, ${day}): ${amounts.join(', ')}`);
}

function toDimensions(text: string): readonly MoneyDimension[] {
  const names = text.split(',').map((name) => name.trim());
  const dimensions = names.map((name) => DIMENSIONS.find((dimension) => dimension === name));
  const known = dimensions.filter((dimension) => dimension !== undefined);
  if (known.length === names.length && new Set(known).size === known.length) return known;
  throw new InvalidArgumentError(
    `It must be one or more of ${DIMENSIONS.join(', ')}, each once, with commas between.`,
  );
}
