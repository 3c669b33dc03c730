import { Option } from 'commander';
import type { StartBatchOptions } from '../client/batches-types.ts';
import { DEFAULT_WINDOW } from '../client/batches-types.ts';
import { RequestError } from '../core/errors.ts';
import { isJobId } from '../core/keys.ts';
import type { Installation } from '../installation.ts';
import type { ManifestFormat, ManifestStage } from '../manifest/index.ts';
import { comeBack, followToEnd } from './batch-conclude.ts';
import { toFile } from './batch-manifest-file.ts';
import type { BudgetFlags, StopFlags } from './batch-options.ts';
import {
  addBudgetOptions,
  addStopOptions,
  toBudget,
  toStopRules,
  toWindow,
} from './batch-options.ts';
import { printDryRun, requireGood, sayQuote } from './batch-quote.ts';
import { openBatches } from './batch-session.ts';
import { readBatch, toBatchId, toFormat } from './batch-source.ts';
import { printBatch } from './batch-state.ts';
import type { CommandHost, RegisterCommand } from './host.ts';
import { printJson, say } from './host.ts';
import { toNumber } from './parse-options.ts';
import { loadInstallation, withSession } from './session.ts';

interface RunFlags extends BudgetFlags, StopFlags {
  readonly id?: string;
  readonly window: number;
  readonly tenant?: string;
  readonly format?: ManifestFormat;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
  readonly waitHeld: number;
}

const HELP = `
A line of the manifest is an item: its id and its request, by the names that \`pollux run --request\` takes. The whole file is
checked and priced before anything is stored or sent; every mistake is told by its line. The same file again continues:
items that have ended keep their end. Ctrl-C leaves the batch running.

Exit codes: 0 every item succeeded, 1 some did not, 2 the manifest is wrong, 3 jobs wait for a person, 130 interrupted.

Examples:
  $ pollux batch run shots.jsonl --dry-run
  $ pollux batch run shots.csv --id nightly --window 50 --budget "40.00 USD"
  $ pollux batch run shots.jsonl --json > results.jsonl
  $ make-shots | pollux batch run - --id nightly --format jsonl --detach
`;

export const registerBatchRun: RegisterCommand = (batch, host) => {
  const command = batch
    .command('run')
    .description('run every item of a manifest, so many at a time')
    .argument('<manifest>', 'a .jsonl or .csv file, or - for stdin')
    .option('--id <id>', 'the batch’s id (default: the name of the file)')
    .option('--window <number>', 'jobs in flight at once', toWindow, DEFAULT_WINDOW)
    .option('--tenant <id>', 'whom its jobs are for')
    .addOption(
      new Option('--format <format>', 'of the manifest (default: by its name)').choices([
        'jsonl',
        'csv',
      ]),
    );
  addStopOptions(addBudgetOptions(command))
    .option('--out <file>', 'copy the output manifest to this file, as CSV where it is named .csv')
    .option('--dry-run', 'check and price the manifest; store and send nothing')
    .option('--detach', 'start the batch, print it and do not wait')
    .option('--json', 'print a line of JSON for every item as it ends')
    .option(
      '--wait-held <seconds>',
      'where every job in flight is held, wait this long before giving up',
      toNumber,
      0,
    )
    .action(async (file: string, flags: RunFlags) => {
      host.exitWith(await run(host, file, flags));
    })
    .addHelpText('after', HELP);
};

async function run(host: CommandHost, file: string, flags: RunFlags): Promise<number> {
  const { terminal } = host;
  const options = toStartOptions(file, flags);
  const format = toFormat(file, flags.format);
  const out = flags.out === undefined ? undefined : toFile(flags.out, terminal.cwd);
  const installation = await loadInstallation(host);
  const { summary, stage } = await readBatch(installation, terminal, file, format);
  try {
    const { formatProblem } = await import('../manifest/index.ts');
    requireGood(terminal, file, summary, formatProblem);
    if (flags.dryRun === true) {
      printDryRun(terminal, summary, flags.json === true);
      return 0;
    }
    sayQuote(terminal, summary);
    return await start(host, installation, stage, options, { ...flags, out });
  } finally {
    await stage.discard();
  }
}

async function start(
  { terminal }: CommandHost,
  installation: Installation,
  stage: ManifestStage,
  options: StartBatchOptions,
  { detach, json, waitHeld, out }: Omit<RunFlags, 'out'> & { readonly out: string | undefined },
): Promise<number> {
  return await withSession(installation, async (session) => {
    const batches = await openBatches(session);
    const manifest = await stage.publish(installation.openStore(), options.id);
    await stage.discard();
    const batch = await batches.start(manifest, options);
    const items = `${String(manifest.items)} items, revision ${manifest.revision}`;
    say(
      terminal,
      batch.attached
        ? `batch ${batch.id} was running already; attached: its window, budget and stop rules stay as they are`
        : `batch ${batch.id} started: ${items}`,
    );
    if (detach !== true) {
      const streamsItems = json === true;
      return await followToEnd({ batch, session, terminal, streamsItems, waitHeld, out });
    }
    const state = await batch.state();
    if (json === true) printJson(terminal, state);
    else printBatch(terminal, state);
    say(terminal, comeBack(batch.id));
    return 0;
  });
}

/** Everything that can be said of the command line before the configuration is read. `request.invalid`. */
export function toStartOptions(
  file: string,
  flags: Pick<RunFlags, 'id' | 'window' | 'tenant'> & BudgetFlags & StopFlags,
): StartBatchOptions {
  const { id, window, tenant } = flags;
  if (tenant !== undefined && (tenant.includes('/') || !isJobId(tenant))) throw badTenant(tenant);
  const budget = toBudget(flags);
  const stop = toStopRules(flags);
  return {
    id: toBatchId(file, id),
    window,
    ...(tenant === undefined ? {} : { tenant }),
    ...(budget === undefined ? {} : { budget }),
    ...(stop === undefined ? {} : { stop }),
  };
}

function badTenant(tenant: string): RequestError {
  return new RequestError(
    'request.invalid',
    `--tenant (${JSON.stringify(tenant.slice(0, 120))}): must start with a letter or digit and hold at most 100 letters, digits, dots, underscores and hyphens`,
  );
}
