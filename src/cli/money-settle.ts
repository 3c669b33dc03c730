import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';
import { toIsoTime } from '../core/clock.ts';
import { RequestError } from '../core/errors.ts';
import type { EntryRecord, Ledger } from '../core/ledger.ts';
import { formatMoney } from '../core/money.ts';
import type { Settlement } from '../core/money-book.ts';
import { requireJobs } from './artifacts-of-job.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { print, printJson } from './host.ts';
import { systemUser } from './job-action.ts';
import type { WrittenAmount } from './money-amount.ts';
import { microsIn, toAmount } from './money-amount.ts';
import { toWholeNumber } from './parse-options.ts';
import { loadInstallation, openExistingLedger } from './session.ts';

interface SettleFlags {
  readonly number?: number;
  readonly charged?: WrittenAmount;
  readonly notBilled?: true;
  readonly reason: string;
  readonly author: string;
  readonly json?: true;
}

const HELP = `
Money is unknown where nothing proves whether the provider billed a submission. Look at the provider's bill first. The
decision, its author and its reason go to the ledger; money that is settled stays settled.

Examples:
  $ pollux money discrepancies --kind unproved_billing
  $ pollux money settle shot-7 --not-billed --reason "not on the provider's bill of November"
  $ pollux money settle shot-7 --number 2 --charged "0.45 USD" --reason "line 14 of the bill" --author mona
  $ pollux money settle shot-7 --charged "450000 micros" --reason "line 14 of the bill"
`;

export const registerMoneySettle: RegisterCommand = (money, host) => {
  money
    .command('settle')
    .description('decide what a submission cost of which nothing proves the billing')
    .argument('<job>', 'the job’s id')
    .option(
      '--number <number>',
      'the submission (default: the one whose money is unknown)',
      toWholeNumber,
    )
    .addOption(
      new Option('--charged <amount>', 'it was billed at this, e.g. "0.45 USD" or "450000 micros"')
        .argParser(toAmount)
        .conflicts('notBilled'),
    )
    .addOption(new Option('--not-billed', 'it was not billed').conflicts('charged'))
    .requiredOption('--reason <text>', 'why, for the record', toReason)
    .option('--author <name>', 'who decided', systemUser())
    .option('--json', 'print one JSON document')
    .action(async (jobId: string, flags: SettleFlags) => {
      host.exitWith(await settle(host, jobId, flags));
    })
    .addHelpText('after', HELP);
};

async function settle(host: CommandHost, jobId: string, flags: SettleFlags): Promise<number> {
  const { terminal } = host;
  const { author, reason } = flags;
  requireDecision(flags);
  const ledger = await openExistingLedger(await loadInstallation(host));
  try {
    await requireJobs(ledger, [jobId]);
    if (ledger === undefined) return 0;
    const before = await chooseUnknown(ledger, jobId, flags.number);
    const settlement = toSettlement(flags, before);
    const submission = { jobId, number: before.number };
    const decision = { id: randomUUID(), author, reason };
    const at = toIsoTime(Date.now());
    const settled = await ledger.settleMoney(submission, settlement, decision, at);
    if (settled.kind === 'refused') throw refused(jobId, before.number, settled.reason);
    const { cost } = settled;
    if (flags.json === true) {
      const { micros, currency } = before;
      const unknown = { micros, currency, state: 'unknown' };
      printJson(terminal, { ...submission, before: unknown, after: cost, author, reason });
      return 0;
    }
    print(terminal, `before  ${formatMoney(before)}, unknown`);
    print(terminal, `after   ${formatMoney(cost)}, ${cost.state}`);
    return 0;
  } finally {
    await ledger?.close();
  }
}

function requireDecision({ charged, notBilled }: SettleFlags): void {
  if (charged !== undefined || notBilled === true) return;
  throw new RequestError(
    'request.invalid',
    'one of --charged <amount> and --not-billed must be given',
  );
}

function toSettlement({ charged }: SettleFlags, { currency }: EntryRecord): Settlement {
  if (charged === undefined) return { kind: 'release' };
  return { kind: 'charge', micros: microsIn(charged, currency) };
}

/** The entry of the submission whose money is unknown. Throws `request.invalid` where the choice names no single one. */
async function chooseUnknown(
  ledger: Pick<Ledger, 'entries'>,
  jobId: string,
  number: number | undefined,
): Promise<EntryRecord> {
  const unknown = findUnknown(await ledger.entries(jobId));
  const wanted = unknown.filter((entry) => number === undefined || entry.number === number);
  const [entry, another] = wanted;
  if (entry !== undefined && another === undefined) return entry;
  const list = unknown.map((one) => `--number ${one.number} (${formatMoney(one)})`).join(', ');
  if (another !== undefined) {
    throw new RequestError(
      'request.invalid',
      `job ${jobId} has several submissions whose money is unknown; choose one: ${list}`,
    );
  }
  const which = number === undefined ? '' : `submission ${number} of `;
  const others = unknown.length === 0 ? '' : `; unknown is the money of: ${list}`;
  throw new RequestError(
    'request.invalid',
    `the money of ${which}job ${jobId} is not unknown, so there is nothing to settle${others}; ` +
      `\`pollux money entries --job ${jobId}\` shows what is booked`,
  );
}

/** Entries `unknown` that neither a charge nor a release has taken the place of. */
function findUnknown(entries: readonly EntryRecord[]): readonly EntryRecord[] {
  const settled = new Set(
    entries
      .filter(({ kind }) => kind === 'charge' || kind === 'release')
      .map(({ number }) => number),
  );
  return entries.filter(({ kind, number }) => kind === 'unknown' && !settled.has(number));
}

function refused(jobId: string, number: number, why: string): RequestError {
  return new RequestError(
    'request.invalid',
    `the money of submission ${number} of job ${jobId} is not settled: ${why}; ` +
      `\`pollux jobs show ${jobId}\` tells where it stands`,
  );
}

function toReason(text: string): string {
  if (text.trim() !== '') return text.trim();
  throw new InvalidArgumentError('It must say why.');
}
