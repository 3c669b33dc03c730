import { Option } from 'commander';
import type { EntryRecord, Ledger } from '../core/ledger.ts';
import { formatMoney, toMicros } from '../core/money.ts';
import type { BookedEntry, MoneyFilter } from '../core/money-book.ts';
import { requireJobs } from './artifacts-of-job.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { say } from './host.ts';
import type { MoneyFilterFlags } from './money-filter.ts';
import { addMoneyFilterOptions, toMoneyFilter } from './money-filter.ts';
import type { RowFormat, RowView } from './money-rows.ts';
import { addRowFormatOptions, writeRows } from './money-rows.ts';
import { loadInstallation, openExistingLedger } from './session.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface EntriesFlags extends MoneyFilterFlags, RowFormat {
  readonly job?: string;
}

const FILTERS = ['from', 'to', 'month', 'tenant', 'batch', 'account', 'model', 'currency'];

const HELP = `
Entries are only ever added. A submission stands for the latest of its reserve, unknown, charge and release, plus its
adjustments; a release is an entry of zero.

Examples:
  $ pollux money entries --job shot-7
  $ pollux money entries --month 2026-11 --tenant acme --csv > acme.csv
  $ pollux money entries --json | jq -c 'select(.estimated)'
`;

export const registerMoneyEntries: RegisterCommand = (money, host) => {
  const entries = money.command('entries').description('what was booked, oldest first');
  addRowFormatOptions(addMoneyFilterOptions(entries))
    .addOption(new Option('--job <id>', 'only entries of this job').conflicts(FILTERS))
    .action(async (flags: EntriesFlags) => {
      host.exitWith(await listEntries(host, flags));
    })
    .addHelpText('after', HELP);
};

const VIEW: RowView<BookedEntry> = {
  header: ['AT', 'JOB', 'NUMBER', 'KIND', 'AMOUNT', '', 'TENANT', 'BATCH', 'MODEL', 'BASIS'],
  cells: (entry) => [
    `${entry.at.slice(0, 19)}Z`,
    entry.jobId,
    String(entry.number),
    entry.kind,
    formatMoney(entry),
    entry.estimated ? 'estimated' : '',
    entry.tenant ?? '-',
    entry.batch ?? '-',
    `${entry.account}/${entry.model}`,
    entry.basis,
  ],
  csvHeader: [
    ...['at', 'jobId', 'number', 'kind', 'sequence', 'currency', 'micros', 'estimated'],
    ...['tenant', 'batch', 'account', 'model', 'taskId', 'basis', 'priceSource'],
  ],
  csvValues: (entry) => [
    ...[entry.at, entry.jobId, BigInt(entry.number), entry.kind, BigInt(entry.sequence)],
    ...[entry.currency, toMicros(entry.micros), String(entry.estimated)],
    ...[entry.tenant, entry.batch, entry.account, entry.model, entry.taskId],
    ...[entry.basis, entry.priceSource],
  ],
  toJson: (entry) => entry,
};

async function listEntries(host: CommandHost, flags: EntriesFlags): Promise<number> {
  const { terminal } = host;
  const { job, json, csv, ...filterFlags } = flags;
  const filter = toMoneyFilter(filterFlags);
  const ledger = await openExistingLedger(await loadInstallation(host));
  try {
    if (job !== undefined) await requireJobs(ledger, [job]);
    return await untilInterrupted(terminal, 'interrupted', async (signal) => {
      const rows = readEntries(ledger, filter, job);
      const format = { ...(json && { json }), ...(csv && { csv }) };
      const written = await writeRows(terminal, rows, VIEW, format, signal);
      if (written === 0) say(terminal, 'no entries');
      return 0;
    });
  } finally {
    await ledger?.close();
  }
}

async function* readEntries(
  ledger: Ledger | undefined,
  filter: MoneyFilter,
  jobId: string | undefined,
): AsyncGenerator<BookedEntry> {
  if (ledger === undefined) return;
  if (jobId === undefined) yield* ledger.allEntries(filter);
  else yield* await readEntriesOfJob(ledger, jobId);
}

/** The entries of one job with what the job says of them. */
async function readEntriesOfJob(
  ledger: Pick<Ledger, 'entries' | 'job' | 'submissions'>,
  jobId: string,
): Promise<readonly BookedEntry[]> {
  const job = await ledger.job(jobId);
  if (job === undefined) return [];
  const submissions = await ledger.submissions(jobId);
  const entries = await ledger.entries(jobId);
  const { tenant, batch, account, model } = job;
  return entries.map((entry: EntryRecord) => {
    const submission = submissions.find(({ number }) => number === entry.number);
    return { ...entry, tenant, batch, account, model, taskId: submission?.taskId ?? null };
  });
}
