import type { DiscrepancyEntry } from '../core/ledger.ts';
import { requireJobs } from './artifacts-of-job.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { say } from './host.ts';
import type { RowFormat, RowView } from './money-rows.ts';
import { addRowFormatOptions, writeRows } from './money-rows.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface DiscrepanciesFlags extends RowFormat {
  readonly job?: string;
  readonly kind?: string;
}

const HELP = `
Where two sources of a fact disagree, or nothing proves a billing, the ledger keeps both sides.

Examples:
  $ pollux money discrepancies --kind unproved_billing
  $ pollux money discrepancies --job shot-7
  $ pollux money discrepancies --json | jq -r .kind | sort | uniq -c
`;

export const registerMoneyDiscrepancies: RegisterCommand = (money, host) => {
  const discrepancies = money
    .command('discrepancies')
    .description('facts that disagree, oldest first')
    .option('--job <id>', 'only those of this job')
    .option('--kind <kind>', 'only those of this kind, e.g. unproved_billing');
  addRowFormatOptions(discrepancies)
    .action(async (flags: DiscrepanciesFlags) => {
      host.exitWith(await listDiscrepancies(host, flags));
    })
    .addHelpText('after', HELP);
};

const VIEW: RowView<DiscrepancyEntry> = {
  header: ['AT', 'JOB', 'NUMBER', 'KIND', 'FACTS'],
  cells: (row) => [
    `${row.at.slice(0, 19)}Z`,
    row.jobId,
    String(row.number),
    row.kind,
    JSON.stringify(row.facts),
  ],
  csvHeader: ['at', 'jobId', 'number', 'kind', 'facts'],
  csvValues: (row) => [
    ...[row.at, row.jobId, BigInt(row.number), row.kind],
    JSON.stringify(row.facts),
  ],
  toJson: (row) => row,
};

async function listDiscrepancies(host: CommandHost, flags: DiscrepanciesFlags): Promise<number> {
  const { terminal } = host;
  const { job, kind, ...format } = flags;
  const ledger = await openExistingLedger(await loadInstallation(host));
  let found: readonly DiscrepancyEntry[];
  try {
    if (job !== undefined) await requireJobs(ledger, [job]);
    found = (await ledger?.discrepancies(job)) ?? [];
  } finally {
    await ledger?.close();
  }
  const wanted = found.filter((row) => kind === undefined || row.kind === kind);
  return await untilInterrupted(terminal, 'interrupted', async (signal) => {
    const written = await writeRows(terminal, each(wanted), VIEW, format, signal);
    if (written === 0) say(terminal, 'no discrepancies');
    return 0;
  });
}

async function* each<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}
