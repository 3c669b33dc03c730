import { Option } from 'commander';
import type { BatchHandle, RerunChanges } from '../client/batches-types.ts';
import type { RerunScope } from '../core/batch.ts';
import { RequestError } from '../core/errors.ts';
import type { Decision } from '../core/job.ts';
import { comeBack, followToEnd } from './batch-conclude.ts';
import type { BudgetChangeFlags } from './batch-options.ts';
import {
  addBudgetChangeOptions,
  addDecisionOptions,
  toBudgetChange,
  toDecision,
  toWindow,
} from './batch-options.ts';
import { withBatch } from './batch-session.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { say } from './host.ts';
import { toNumber } from './parse-options.ts';
import type { Terminal } from './terminal.ts';

interface RerunFlags extends Decision, BudgetChangeFlags {
  readonly failed?: true;
  readonly downloads?: true;
  readonly expired?: true;
  readonly window?: number;
  readonly detach?: boolean;
  readonly json?: boolean;
  readonly waitHeld: number;
}

const HELP = `
The items come from the manifest of the batch's newest run; what succeeded stays as it is. The decision, its author and its
reason go to the ledger with every job that it runs again.

  --failed     items that failed and are proved to cost nothing: new submissions
  --downloads  items that are paid and whose files are not all stored: only the files are fetched
  --expired    items of which the provider has forgotten the task or the file: new submissions, although the first may be billed.
               Files that are paid may still be there: try --downloads first.

Examples:
  $ pollux batch rerun nightly --downloads
  $ pollux batch rerun nightly --failed --budget "60.00 USD" --reason "budget raised" --author mona
  $ pollux batch rerun nightly --failed --no-budget
`;

export const registerBatchRerun: RegisterCommand = (batch, host) => {
  const command = batch
    .command('rerun')
    .description('run the rest of a batch that has ended again')
    .argument('<batch>', 'the batch’s id')
    .addOption(
      new Option('--failed', 'what failed and cost nothing').conflicts(['downloads', 'expired']),
    )
    .addOption(
      new Option('--downloads', 'what is paid and not stored').conflicts(['failed', 'expired']),
    )
    .addOption(
      new Option('--expired', 'what the provider forgot').conflicts(['failed', 'downloads']),
    )
    .option('--window <number>', 'jobs in flight at once (default: as before)', toWindow);
  addDecisionOptions(addBudgetChangeOptions(command))
    .option('--detach', 'start and do not wait')
    .option('--json', 'print a line of JSON for every item as it ends')
    .option(
      '--wait-held <seconds>',
      'where every job in flight is held, wait this long before giving up',
      toNumber,
      0,
    )
    .action(async (id: string, flags: RerunFlags) => {
      host.exitWith(await rerun(host, id, flags));
    })
    .addHelpText('after', HELP);
};

async function rerun(host: CommandHost, id: string, flags: RerunFlags): Promise<number> {
  const { terminal } = host;
  const scope = toScope(flags);
  const changes = toChanges(flags);
  return await withBatch(host, id, async (batch, session) => {
    await batch.rerun(scope, toDecision(flags), changes);
    say(terminal, `batch ${id} runs again: ${SCOPES[scope]}`);
    if (flags.detach === true) {
      say(terminal, comeBack(id));
      return 0;
    }
    const { waitHeld } = flags;
    const streamsItems = flags.json === true;
    const exitCode = await followToEnd({ batch, session, terminal, waitHeld, streamsItems });
    await noteNothing(terminal, batch, scope);
    return exitCode;
  });
}

/** A rerun that met nothing in its scope ends as if it had never been; that should not pass for success. */
async function noteNothing(
  terminal: Terminal,
  batch: BatchHandle,
  scope: RerunScope,
): Promise<void> {
  const { finishedAt, items, kept } = await batch.state();
  if (finishedAt === null || kept < items) return;
  say(terminal, `nothing was run again: no item is in the scope of --${scope}`);
}

const SCOPES: Readonly<Record<RerunScope, string>> = {
  failed: 'what failed and cost nothing is submitted again',
  downloads: 'what is paid and not stored is fetched; nothing is bought',
  expired: 'what expired is submitted again',
};

function toScope({ failed, downloads, expired }: RerunFlags): RerunScope {
  if (failed === true) return 'failed';
  if (downloads === true) return 'downloads';
  if (expired === true) return 'expired';
  throw new RequestError(
    'request.invalid',
    'one of --failed, --downloads and --expired must be given',
    { details: { issues: [{ field: 'scope', rule: 'must be failed, downloads or expired' }] } },
  );
}

function toChanges(flags: RerunFlags): RerunChanges {
  const budget = toBudgetChange(flags);
  return {
    ...(flags.window === undefined ? {} : { window: flags.window }),
    ...(budget === undefined ? {} : { budget }),
  };
}
